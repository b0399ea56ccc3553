using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.Certificates;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.UseTracking;

/// <summary>A credential that an enrollment has now.</summary>
/// <param name="Name"><c>primaryKey</c>, <c>secondaryKey</c>, <c>primaryCertificate</c>, <c>secondaryCertificate</c> or <c>endorsementKey</c>.</param>
/// <param name="Credential">As uses name it: a certificate by its thumbprint, so that it may change its place.</param>
/// <param name="Mark">As uses mark it.</param>
internal readonly record struct EnrollmentSlot(string Name, string Credential, string Mark)
{
    internal const string PrimaryCertificate = "primaryCertificate";
    internal const string SecondaryCertificate = "secondaryCertificate";
    internal const string EndorsementKey = "endorsementKey";
    internal const string CertificatePrefix = "certificate/";

    /// <summary>All that there are, in the order of <see cref="Of"/>.</summary>
    internal static IReadOnlyList<string> Names { get; } = [CredentialName.PrimaryKey, CredentialName.SecondaryKey, PrimaryCertificate, SecondaryCertificate, EndorsementKey];

    /// <summary>SHA-256 of the certificate; null for keys.</summary>
    internal string? Thumbprint => Credential.StartsWith(CertificatePrefix, StringComparison.Ordinal) ? Credential[CertificatePrefix.Length..] : null;

    /// <summary>What an enrollment has.</summary>
    /// <param name="enrollment">Which.</param>
    /// <param name="authorities">CA certificates of the service, which groups name.</param>
    internal static IEnumerable<EnrollmentSlot> Of(EnrollmentRow enrollment, IReadOnlyList<CaCertificateRow> authorities)
    {
        var proof = enrollment.ReadProof();
        return enrollment.Type switch
        {
            AttestationType.SymmetricKey => [OfKey(enrollment, isPrimary: true), OfKey(enrollment, isPrimary: false)],
            AttestationType.Tpm => [OfTpm(proof)],
            _ => new[]
            {
                OfCertificate(PrimaryCertificate, proof.ClientPrimary ?? proof.SigningPrimary ?? Named(proof.CaPrimary)),
                OfCertificate(SecondaryCertificate, proof.ClientSecondary ?? proof.SigningSecondary ?? Named(proof.CaSecondary)),
            }.OfType<EnrollmentSlot>(),
        };

        string? Named(string? name) => name is null ? null : authorities.FirstOrDefault(each => each.Id.Equals(name, StringComparison.OrdinalIgnoreCase))?.Certificate;
    }

    /// <summary>What a device proved itself by; null for a kind of proof that is no credential of its enrollment.</summary>
    internal static EnrollmentSlot? ProvedBy(AttestationVerdict.Accepted accepted)
    {
        var enrollment = accepted.Enrollment;
        if (enrollment.Type == AttestationType.Tpm)
        {
            return OfTpm(enrollment.ReadProof());
        }

        if (accepted.Evidence.ProvedBy is not { } proved)
        {
            return null;
        }

        return enrollment.Type == AttestationType.SymmetricKey ? OfKey(enrollment, proved.IsPrimary)
            : (accepted.Evidence.X509?.SigningCertificateInfo?.Sha256Thumbprint ?? accepted.Thumbprint) is { } thumbprint
                ? new EnrollmentSlot(proved.IsPrimary ? PrimaryCertificate : SecondaryCertificate, CertificatePrefix + thumbprint, "")
                : null;
    }

    private static EnrollmentSlot OfKey(EnrollmentRow enrollment, bool isPrimary) => isPrimary
        ? new EnrollmentSlot(CredentialName.PrimaryKey, CredentialName.PrimaryKey, enrollment.Primary.Mark)
        : new EnrollmentSlot(CredentialName.SecondaryKey, CredentialName.SecondaryKey, enrollment.Secondary.Mark);

    private static EnrollmentSlot OfTpm(StoredProof proof) =>
        new(EndorsementKey, EndorsementKey, Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(proof.EndorsementKey ?? ""))));

    private static EnrollmentSlot? OfCertificate(string name, string? certificate) =>
        X509Attestation.ThumbprintOf(certificate) is { } thumbprint ? new EnrollmentSlot(name, CertificatePrefix + thumbprint, "") : null;
}
