using System.Security.Cryptography;
using System.Text;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Registrations;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>
/// The keys with which TPMs are asked to sign. None is kept: each follows from the enrollment's own secret, its endorsement key, the storage root key, the time, and the registration
/// before it. So whoever asks for nonces fills no memory and takes nobody else's nonce away, and every node of the service knows them all.
/// </summary>
internal sealed class TpmNonces(SecretVault vault, ProvisioningOptions options, TimeProvider time)
{
    internal const int Bytes = 32;

    /// <summary>The one to give now.</summary>
    internal NonceName Newest(RegistrationRow? before) => new(time.GetUtcNow().UtcTicks / options.TpmNonceLife.Ticks, AfterOf(before));

    /// <summary>Those that are good for the next registration: the newest, and the one of the period before.</summary>
    internal IReadOnlyList<NonceName> Good(RegistrationRow? before)
    {
        var newest = Newest(before);
        return [newest, newest with { Period = newest.Period - 1 }];
    }

    internal static string AfterOf(RegistrationRow? before) => before?.OperationId ?? "";

    /// <summary>False when the enrollment's secret does not open.</summary>
    internal bool TryDerive(EnrollmentRow enrollment, NonceName name, ReadOnlySpan<byte> endorsementKey, ReadOnlySpan<byte> storageRootKey, Span<byte> nonce) =>
        vault.TryHmacSha256(
            enrollment.Primary,
            enrollment.Binding,
            Encoding.UTF8.GetBytes($"tpm nonce\n{enrollment.Id}\n{name}\n{Convert.ToHexString(SHA256.HashData(endorsementKey))}\n{Convert.ToHexString(SHA256.HashData(storageRootKey))}"),
            nonce);
}
