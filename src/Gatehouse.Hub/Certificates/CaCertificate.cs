using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Hub.Certificates;

/// <summary>A CA certificate of a hub. Anchors devices only while <see cref="IsVerified"/>.</summary>
public sealed record CaCertificate
{
    /// <summary>1–64 characters, letters, digits, <c>- _ .</c>; unique per hub without regard to case.</summary>
    public required string Name { get; init; }

    public required string ETag { get; init; }

    /// <summary>DER.</summary>
    public required ReadOnlyMemory<byte> Certificate { get; init; }

    public required string Subject { get; init; }

    public required DateTimeOffset Expiry { get; init; }

    /// <summary>SHA-1, 40 upper-case hexadecimal characters, as the service shows it; nothing is decided by it.</summary>
    public required string Thumbprint { get; init; }

    /// <summary>SHA-256, 64 upper-case hexadecimal characters.</summary>
    public required string ThumbprintSha256 { get; init; }

    public required bool IsVerified { get; init; }

    /// <summary>The outstanding code; null when none was asked for, or once it was used.</summary>
    public string? VerificationCode { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Updated { get; init; }

    internal static CaCertificate From(CaCertificateRow row)
    {
        var der = Convert.FromBase64String(row.Certificate);
        using var loaded = X509CertificateLoader.LoadCertificate(der);
        return new CaCertificate
        {
            Name = row.Name,
            ETag = row.ETag,
            Certificate = der,
            Subject = loaded.Subject,
            Expiry = loaded.NotAfter.ToUniversalTime(),
            Thumbprint = loaded.Thumbprint,
            ThumbprintSha256 = loaded.GetCertHashString(HashAlgorithmName.SHA256),
            IsVerified = row.IsVerified != 0,
            VerificationCode = row.VerificationCode,
            Created = new DateTimeOffset(row.Created, TimeSpan.Zero),
            Updated = new DateTimeOffset(row.Updated, TimeSpan.Zero),
        };
    }
}

/// <summary>What an uploader sends.</summary>
/// <param name="Certificate">PEM, base64 of PEM or base64 of DER.</param>
/// <param name="IsVerified">Trust it without proof of possession ("set status to verified on upload"); audited as such.</param>
public sealed record CertificateUpload(string? Certificate, bool IsVerified);
