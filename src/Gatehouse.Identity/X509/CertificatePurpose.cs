using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Identity.X509;

/// <summary>What the certificate at the lower end of a path is to be good for.</summary>
/// <param name="Usage">Extended key usage that every certificate of the path must allow when it has that extension.</param>
/// <param name="Word">The same for an operator.</param>
/// <param name="KeyUsage">What the key usage of the certificate must allow, one of these, when it has that extension.</param>
/// <param name="Known">What certificates that end a path are to the operator.</param>
/// <param name="Anchor">One of these, at the beginning of a sentence.</param>
internal sealed record CertificatePurpose(string Usage, string Word, X509KeyUsageFlags KeyUsage, string Known, string Anchor)
{
    /// <summary>A device that proves itself in TLS.</summary>
    internal static CertificatePurpose Client { get; } = Signing(Oids.ClientAuth, "clientAuth");

    /// <summary>The endorsement key of a TPM: it decrypts or agrees on secrets, and never signs.</summary>
    internal static CertificatePurpose EndorsementKey { get; } =
        new(Oids.EndorsementKeyCertificate, "tcg-kp-EKCertificate", X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.KeyAgreement, "loaded certificate of a TPM maker", "The TPM maker's certificate");

    internal static CertificatePurpose Signing(string usage, string word) => new(usage, word, X509KeyUsageFlags.DigitalSignature, "verified CA of the hub", "The hub's CA");
}
