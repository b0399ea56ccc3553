using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Hub.Revoking;

/// <summary>What an operator wants revoked. For each kind one way to name it.</summary>
public sealed record RevocationRequest
{
    /// <summary><c>certificate</c>, <c>key</c>, <c>issuer</c> or <c>tpm</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>The certificate (for a key: one that it stands in; for an issuer: the CA's own), PEM, base64 of PEM or base64 of DER.</summary>
    public string? Certificate { get; init; }

    /// <summary>SHA-256 of the certificate, 64 hexadecimal digits.</summary>
    public string? Thumbprint { get; init; }

    /// <summary>SHA-256 of a SubjectPublicKeyInfo, 64 hexadecimal digits.</summary>
    public string? PublicKey { get; init; }

    /// <summary>Certificate of the CA that issued the one with <see cref="SerialNumber"/>.</summary>
    public string? IssuerCertificate { get; init; }

    /// <summary>Hexadecimal; colons do not count.</summary>
    public string? SerialNumber { get; init; }

    /// <summary>Name of a CA certificate of the hub, instead of <see cref="Certificate"/> of an issuer.</summary>
    public string? CaName { get; init; }

    /// <summary>Public area of a TPM's endorsement key (TPM2B_PUBLIC), base64.</summary>
    public string? EndorsementKey { get; init; }

    /// <summary>A word of RFC 5280 §5.3.1; null for <c>unspecified</c>.</summary>
    public string? Reason { get; init; }

    public string? Note { get; init; }
}

/// <summary>What a revocation does, or would do.</summary>
/// <param name="Entry">The entry; <see cref="Revocation.Sequence"/> is 0 where it was a rehearsal.</param>
/// <param name="IsNew">False when it was on the list before.</param>
/// <param name="Live">Devices and modules that were connected to this node by what it names, each once; at most <see cref="MaxShown"/>.</param>
/// <param name="LiveCount">How many.</param>
/// <param name="Registered">Devices and modules that are registered with the certificate's thumbprint; at most <see cref="MaxShown"/>. Only rehearsals look for them.</param>
public sealed record RevocationEffect(Revocation Entry, bool IsNew, IReadOnlyList<string> Live, int LiveCount, IReadOnlyList<string> Registered)
{
    /// <summary>Names in a list.</summary>
    public const int MaxShown = 1_000;
}
