using System.Globalization;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.Tpm;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>Reads a <c>measuredBootPolicy</c> as sent; what no TPM could meet is refused.</summary>
internal static class MeasuredBootRules
{
    private const int MinEverySeconds = 60;
    private const int MaxEverySeconds = 365 * 24 * 60 * 60;

    /// <summary>ArgumentInvalid.</summary>
    internal static Result<EnrollmentInput> Read(EnrollmentInput input, MeasuredBootPolicy policy)
    {
        if (input.Key.Kind != EnrollmentKind.Individual || input.Type != AttestationType.Tpm)
        {
            return Invalid("A measuredBootPolicy is for individual enrollments that attest by tpm.");
        }

        if (BootBank.Find(policy.HashAlgorithm) is not { } bank)
        {
            return Invalid("The hashAlgorithm of the measuredBootPolicy must be sha256 or sha384.");
        }

        if (policy.Pcrs is not { Count: > 0 and <= TpmQuote.Registers } pcrs || pcrs.Any(pcr => pcr is < 0 or >= TpmQuote.Registers) || pcrs.Distinct().Count() != pcrs.Count)
        {
            return Invalid($"The pcrs of the measuredBootPolicy must be 1 to {TpmQuote.Registers} numbers from 0 to {TpmQuote.Registers - 1}, each once.");
        }

        if (policy.ReattestEverySeconds is < MinEverySeconds or > MaxEverySeconds)
        {
            return Invalid($"The reattestEverySeconds of the measuredBootPolicy must be {MinEverySeconds} to {MaxEverySeconds}.");
        }

        int[] sorted = [.. pcrs.Order()];
        var values = policy.Values is null ? null : ReadValues(policy.Values, sorted, bank);
        return policy.Values is not null && values is null
            ? Invalid($"The values of the measuredBootPolicy must be {2 * bank.Bytes} hexadecimal digits for each of its pcrs, and for no other.")
            : input with
            {
                Proof = input.Proof with
                {
                    MeasuredBoot = new MeasuredBootPolicy
                    {
                        HashAlgorithm = bank.Word,
                        Pcrs = sorted,
                        Values = values,
                        Learned = values is not null && policy.Learned == true ? true : null,
                        ReattestEverySeconds = policy.ReattestEverySeconds,
                    },
                },
            };
    }

    /// <summary>By register from the lowest on, in lower case; null unless there is a value of the bank for each register and for no other.</summary>
    internal static IReadOnlyDictionary<string, string>? ReadValues(IReadOnlyDictionary<string, string> given, IReadOnlyList<int> pcrs, BootBank bank)
    {
        var values = new Dictionary<string, string>(pcrs.Count);
        foreach (var register in pcrs.Select(pcr => pcr.ToString(CultureInfo.InvariantCulture)))
        {
            if (!given.TryGetValue(register, out var value) || value?.Length != 2 * bank.Bytes || !value.All(char.IsAsciiHexDigit))
            {
                return null;
            }

            values.Add(register, value.ToLowerInvariant());
        }

        return given.Count == pcrs.Count ? values : null;
    }

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);
}
