using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>What answers tell of a certificate.</summary>
/// <remarks>Source: X509CertificateInfo of the service's REST reference.</remarks>
internal sealed record CertificateInfo
{
    public string? SubjectName { get; init; }

    public string? Sha1Thumbprint { get; init; }

    public string? Sha256Thumbprint { get; init; }

    public string? IssuerName { get; init; }

    public string? NotBeforeUtc { get; init; }

    public string? NotAfterUtc { get; init; }

    public string? SerialNumber { get; init; }

    public int? Version { get; init; }

    internal static CertificateInfo Of(X509Certificate2 certificate) => new()
    {
        SubjectName = certificate.Subject,
#pragma warning disable CA5350 // The document has a SHA-1 thumbprint; nothing is decided by it.
        Sha1Thumbprint = Convert.ToHexString(SHA1.HashData(certificate.RawDataMemory.Span)),
#pragma warning restore CA5350
        Sha256Thumbprint = Convert.ToHexString(SHA256.HashData(certificate.RawDataMemory.Span)),
        IssuerName = certificate.Issuer,
        NotBeforeUtc = Text(certificate.NotBefore),
        NotAfterUtc = Text(certificate.NotAfter),
        SerialNumber = certificate.SerialNumber,
        Version = certificate.Version,
    };

    private static string Text(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
