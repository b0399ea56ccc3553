using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Keys;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>Shows an attestation: what it is and how to recognise it, or in full to who may see the keys.</summary>
internal static class AttestationViews
{
    internal static string WordOf(AttestationType type) => type switch
    {
        AttestationType.SymmetricKey => "symmetricKey",
        AttestationType.X509 => "x509",
        _ => "tpm",
    };

    /// <param name="row">Enrollment.</param>
    /// <param name="vault">Opens its keys; null leaves keys and certificates out.</param>
    internal static AttestationDocument Show(EnrollmentRow row, SecretVault? vault) => row.Type switch
    {
        AttestationType.SymmetricKey => new AttestationDocument
        {
            Type = WordOf(row.Type),
            SymmetricKey = vault is null ? new SymmetricKeyDocument() : new SymmetricKeyDocument(Reveal(vault, row.Primary, row.Binding), Reveal(vault, row.Secondary, row.Binding)),
        },
        AttestationType.X509 => new AttestationDocument { Type = WordOf(row.Type), X509 = ShowX509(row.ReadProof(), vault is not null) },
        _ => new AttestationDocument { Type = WordOf(row.Type), Tpm = new TpmDocument(row.ReadProof().EndorsementKey, row.ReadProof().StorageRootKey) { EndorsementCertificate = row.ReadProof().EndorsementCertificate } },
    };

    private static X509Document ShowX509(StoredProof proof, bool isFull) => proof.ClientPrimary is not null || proof.ClientSecondary is not null
        ? new X509Document { ClientCertificates = new CertificatePair(Show(proof.ClientPrimary, isFull), Show(proof.ClientSecondary, isFull)) }
        : proof.Authorities.Any() ? new X509Document { CaReferences = new CaReferencePair(proof.CaPrimary, proof.CaSecondary) }
        : new X509Document { SigningCertificates = new CertificatePair(Show(proof.SigningPrimary, isFull), Show(proof.SigningSecondary, isFull)) };

    private static CertificateDocument? Show(string? certificate, bool isFull)
    {
        if (certificate is null)
        {
            return null;
        }

        using var loaded = CertificateText.Load(certificate);
        return new CertificateDocument(isFull ? certificate : null, CertificateInfo.Of(loaded));
    }

    private static string Reveal(SecretVault vault, SealedSecret secret, string binding)
    {
        var key = vault.Reveal(secret, binding);
        var text = Convert.ToBase64String(key);
        CryptographicOperations.ZeroMemory(key);
        return text;
    }
}
