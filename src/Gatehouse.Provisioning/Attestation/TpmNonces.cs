using System.Security.Cryptography;
using System.Text;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>
/// The keys with which TPMs are asked to sign. None is kept: each follows from the enrollment's own secret, its endorsement key, the storage root key, the time, and the registration
/// before it. So whoever asks for nonces fills no memory and takes nobody else's nonce away, and every node of the service knows them all.
/// </summary>
internal sealed class TpmNonces(SecretVault vault, ProvisioningOptions options, TimeProvider time)
{
    internal const int Bytes = 32;

    /// <summary>The one to give now.</summary>
    internal NonceName Newest(TpmSubject subject) => new(time.GetUtcNow().UtcTicks / options.TpmNonceLife.Ticks, subject.After);

    /// <summary>Those that are good for the next registration: the newest, and the one of the period before.</summary>
    internal IReadOnlyList<NonceName> Good(TpmSubject subject)
    {
        var newest = Newest(subject);
        return [newest, newest with { Period = newest.Period - 1 }];
    }

    /// <summary>False when the enrollment's secret does not open.</summary>
    internal bool TryDerive(TpmSubject subject, NonceName name, ReadOnlySpan<byte> storageRootKey, Span<byte> nonce) =>
        TryDerive(subject.Enrollment, $"tpm nonce\n{subject.Enrollment.Id}\n{name}\n{DigestOf(subject.EndorsementKey.Bytes.Span)}\n{DigestOf(storageRootKey)}", nonce);

    /// <summary>What the TPM is to quote along: told to whoever asks, and good for nothing without the two secrets that its TPM opens.</summary>
    internal bool TryDeriveQuoteNonce(TpmSubject subject, NonceName name, Span<byte> nonce) =>
        TryDerive(subject.Enrollment, $"quote nonce\n{subject.Enrollment.Id}\n{name}\n{DigestOf(subject.EndorsementKey.Bytes.Span)}", nonce);

    /// <summary>What only the TPM that holds this attestation key beside the endorsement key can open.</summary>
    internal bool TryDeriveCredential(TpmSubject subject, NonceName name, ReadOnlySpan<byte> attestationKeyName, Span<byte> secret) =>
        TryDerive(subject.Enrollment, $"quote credential\n{subject.Enrollment.Id}\n{name}\n{DigestOf(subject.EndorsementKey.Bytes.Span)}\n{Convert.ToHexString(attestationKeyName)}", secret);

    private bool TryDerive(EnrollmentRow enrollment, string words, Span<byte> derived) => vault.TryHmacSha256(enrollment.Primary, enrollment.Binding, Encoding.UTF8.GetBytes(words), derived);

    private static string DigestOf(ReadOnlySpan<byte> key) => Convert.ToHexString(SHA256.HashData(key));
}
