using System.Text.Json.Serialization;
using Gatehouse.Hub.Certificates;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Operator.Certificates;

/// <summary>A CA certificate in answers; property names of the management API's CertificateDescription.</summary>
internal sealed record CertificateJson(string Name, string Etag, CertificatePropertiesJson Properties)
{
    internal static CertificateJson From(CaCertificate certificate) => new(certificate.Name, certificate.ETag, new CertificatePropertiesJson
    {
        Subject = certificate.Subject,
        Expiry = certificate.Expiry.UtcDateTime,
        Thumbprint = certificate.Thumbprint,
        ThumbprintSha256 = certificate.ThumbprintSha256,
        IsVerified = certificate.IsVerified,
        Created = certificate.Created.UtcDateTime,
        Updated = certificate.Updated.UtcDateTime,
        Certificate = Convert.ToBase64String(certificate.Certificate.Span),
    });

    internal static CertificateJson WithCode(CaCertificate certificate)
    {
        var json = From(certificate);
        return json with { Properties = json.Properties with { VerificationCode = certificate.VerificationCode } };
    }

    internal static ApiResponse Answer(CaCertificate certificate, bool isNew = false) =>
        ApiResponse.Json(From(certificate), OperatorJson.Types.CertificateJson, certificate.ETag, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
}

internal sealed record CertificatePropertiesJson
{
    public required string Subject { get; init; }

    public required DateTime Expiry { get; init; }

    public required string Thumbprint { get; init; }

    public required string ThumbprintSha256 { get; init; }

    public required bool IsVerified { get; init; }

    public required DateTime Created { get; init; }

    public required DateTime Updated { get; init; }

    public required string Certificate { get; init; }

    /// <summary>Only in the answer that made it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? VerificationCode { get; init; }
}

/// <summary>Body of PUT.</summary>
internal sealed record CertificateBody(CertificateBodyProperties? Properties);

internal sealed record CertificateBodyProperties(string? Certificate, bool IsVerified);

/// <summary>Body of verify.</summary>
internal sealed record ProofBody(string? Certificate);
