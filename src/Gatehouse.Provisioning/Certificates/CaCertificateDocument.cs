using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.Certificates;

/// <summary>A CA certificate on the wire.</summary>
/// <remarks>Source: CertificateResponse of the service's management API.</remarks>
internal sealed record CaCertificateDocument(string Name, string Etag, CaCertificateProperties Properties)
{
    /// <param name="row">Certificate.</param>
    /// <param name="withCode">Whether to show the code: only to who has just asked for it.</param>
    internal static CaCertificateDocument Of(CaCertificateRow row, bool withCode = false)
    {
        using var loaded = CertificateText.Load(row.Certificate);
        return new CaCertificateDocument(row.Name, EntityTag.Show(row.Etag), new CaCertificateProperties
        {
            Subject = loaded.Subject,
            Expiry = loaded.NotAfter.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
#pragma warning disable CA5350 // The document has a SHA-1 thumbprint; nothing is decided by it.
            Thumbprint = Convert.ToHexString(SHA1.HashData(loaded.RawDataMemory.Span)),
#pragma warning restore CA5350
            ThumbprintSha256 = Convert.ToHexString(SHA256.HashData(loaded.RawDataMemory.Span)),
            IsVerified = row.IsVerified != 0,
            Created = WireTime.Of(row.Created),
            Updated = WireTime.Of(row.Changed),
            Certificate = row.Certificate,
            VerificationCode = withCode ? row.VerificationCode : null,
        });
    }
}

internal sealed record CaCertificateProperties
{
    public string? Subject { get; init; }

    public string? Expiry { get; init; }

    public string? Thumbprint { get; init; }

    public string? ThumbprintSha256 { get; init; }

    public bool IsVerified { get; init; }

    public string? Created { get; init; }

    public string? Updated { get; init; }

    /// <summary>Base64 of DER; PEM is read, too.</summary>
    public string? Certificate { get; init; }

    public string? VerificationCode { get; init; }
}

/// <summary>Body of PUT: the properties, or as older clients write it the certificate at the top.</summary>
internal sealed record CaCertificateBody(CaCertificateProperties? Properties, string? Certificate, bool IsVerified);

/// <summary>Body of verify.</summary>
internal sealed record CaProofBody(string? Certificate);

internal sealed record CaCertificateList(IReadOnlyList<CaCertificateDocument> Value);
