using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Tpm;

namespace Gatehouse.Cli.Attesting;

/// <summary>What a service that measures the boot wants quoted: the <c>measuredBoot</c> of its challenge to a device that has shown an attestation key.</summary>
/// <param name="Nonce">To be signed along.</param>
/// <param name="Registers">Which.</param>
/// <param name="Credential">TPM2B_ID_OBJECT without its size; opens only where endorsement key and attestation key are in one TPM.</param>
/// <param name="Secret">TPM2B_ENCRYPTED_SECRET without its size.</param>
internal sealed record BootQuote(byte[] Nonce, TpmRegisters Registers, byte[] Credential, byte[] Secret)
{
    // Registers that are extended in the middle of it are read again.
    private const int Tries = 3;

    /// <returns>Null where the boot is not measured.</returns>
    /// <exception cref="CliException">It is not of this form.</exception>
    internal static BootQuote? Parse(JsonNode? asked)
    {
        if (asked is null)
        {
            return null;
        }

        var members = asked as JsonObject;
        return Decode(members?["nonce"]) is { Length: > 0 } nonce
            && members?["pcrs"] is JsonArray pcrs && TpmRegisters.Find(RegistrationClient.Text(members["hashAlgorithm"]), [.. pcrs.Select(Number)]) is { } registers
            && Content(Decode(members["credentialBlob"])) is { } credential && Content(Decode(members["encryptedSecret"])) is { } secret
            ? new BootQuote(nonce, registers, credential, secret)
            : throw new CliException("the service wants the boot quoted, and its challenge is not understood: is this command as new as the service?");
    }

    /// <summary>The <c>tpm.quote</c> of the answer.</summary>
    /// <param name="key">By which it is signed.</param>
    /// <param name="opened">What <see cref="Credential"/> held.</param>
    /// <exception cref="CliException">The TPM does not keep these registers, or they do not stand still.</exception>
    internal JsonObject Answer(AttestationKey key, byte[] opened)
    {
        for (var tries = 0; tries < Tries; tries++)
        {
            var values = Registers.Read(key.Chip);
            var (quoted, signature) = key.Chip.Quote(key.Handle, Nonce, Registers.Select());

            // The digest of the registers is the last that a quote has (TPMS_QUOTE_INFO); by the hash of the key's scheme.
            if (quoted.AsSpan().EndsWith(SHA256.HashData([.. values.SelectMany(value => value)])))
            {
                return new JsonObject
                {
                    ["credential"] = Convert.ToBase64String(opened),
                    ["quoted"] = Convert.ToBase64String(quoted),
                    ["signature"] = Convert.ToBase64String(signature),
                    ["pcrValues"] = new JsonObject(Registers.Numbers.Select((number, at) => KeyValuePair.Create(number.ToString(CultureInfo.InvariantCulture), (JsonNode?)Convert.ToHexStringLower(values[at])))),
                };
            }
        }

        throw new CliException("the TPM's registers changed while they were quoted: something is still being measured into those that the enrollment names. Repeat later, or leave out the ones that do not stand still.");
    }

    private static int Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<int>(out var number) ? number : -1;

    private static byte[]? Decode(JsonNode? node)
    {
        var text = RegistrationClient.Text(node) ?? "";
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }

    // Of a TPM2B, whose size goes before it.
    private static byte[]? Content(byte[]? sized) => sized is [var high, var low, .. { Length: > 0 } content] && ((high << 8) | low) == content.Length ? content : null;
}
