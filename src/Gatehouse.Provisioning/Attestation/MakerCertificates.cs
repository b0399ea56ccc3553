using Gatehouse.Contracts.Audit;
using Gatehouse.Identity.X509;

namespace Gatehouse.Provisioning.Attestation;

/// <summary>Whether a TPM comes from a maker that the operator trusts: by the certificate of its endorsement key, shown with the registration or written into the enrollment.</summary>
/// <remarks>Asked last, of a TPM that has proved itself: nobody else makes the server follow a path.</remarks>
internal sealed class MakerCertificates(EndorsementCertificates certificates, ProvisioningOptions options, TimeProvider time)
{
    /// <returns>Null when it does, when nobody wants to know, or when it is too early to tell: what the device shows is still to come.</returns>
    internal AttestationVerdict.Refused? Check(TpmSubject subject)
    {
        var proof = subject.Proof;
        if (options.TpmMakers is not { } makers || proof is { HasBody: false, Tpm: null })
        {
            return null;
        }

        // What the device shows goes first: its maker may have renewed it.
        var (shown, enrollment) = (proof.Tpm?.EndorsementCertificate, subject.Enrollment);
        var (text, source) = string.IsNullOrEmpty(shown) ? (enrollment.ReadProof().EndorsementCertificate, $"in the enrollment '{enrollment.Name}'") : (shown, "that the device showed");
        if (text is null)
        {
            return new AttestationVerdict.Refused(
                RefusalReason.EndorsementCertificateMissing,
                $"No TPM registers at this server without the certificate of its endorsement key (tpm-manufacturer-roots); neither did the device show one, nor is one in the enrollment '{enrollment.Name}'.");
        }

        Span<byte> bytes = stackalloc byte[EndorsementCertificates.MaxBytes];
        var fault = Convert.TryFromBase64String(text, bytes, out var length)
            ? certificates.Fault(bytes[..length].ToArray(), subject.EndorsementKey, makers, time.GetUtcNow())
            : $"it is no base64 of at most {EndorsementCertificates.MaxBytes} bytes";
        return fault is null ? null : new AttestationVerdict.Refused(RefusalReason.EndorsementCertificateInvalid, $"The certificate of the endorsement key {source} is not good: {fault}.");
    }
}
