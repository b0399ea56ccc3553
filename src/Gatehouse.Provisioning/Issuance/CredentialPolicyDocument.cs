using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.RevocationNotices;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>A credential policy on the wire: what an enrollment names as <c>credentialPolicyName</c>. The CA's private key is never in it.</summary>
internal sealed record CredentialPolicyDocument
{
    public string? Name { get; init; }

    public string? Etag { get; init; }

    /// <summary>Days that a certificate is good for; it ends no later than the CA.</summary>
    public long ValidityDays { get; init; }

    /// <summary>Words of <c>KeyTypes</c>.</summary>
    public IReadOnlyList<string>? KeyTypes { get; init; }

    /// <summary>Of the CA; base64 of DER.</summary>
    public string? Certificate { get; init; }

    public CertificateInfo? CertificateInfo { get; init; }

    /// <summary>Address of the CA's key in a key store of the server; left out where the key is sealed with the policy.</summary>
    public string? SigningKey { get; init; }

    public string? CreatedDateTimeUtc { get; init; }

    public string? LastUpdatedDateTimeUtc { get; init; }

    internal static CredentialPolicyDocument Of(CredentialPolicyRow row)
    {
        using var loaded = CertificateText.Load(row.Certificate);
        return new CredentialPolicyDocument
        {
            Name = row.Name,
            Etag = EntityTag.Show(row.Etag),
            ValidityDays = row.ValidityDays,
            KeyTypes = row.PermittedKeyTypes,
            Certificate = row.Certificate,
            CertificateInfo = CertificateInfo.Of(loaded),
            SigningKey = row.SigningKey.Length == 0 ? null : row.SigningKey,
            CreatedDateTimeUtc = WireTime.Of(row.Created),
            LastUpdatedDateTimeUtc = WireTime.Of(row.Changed),
        };
    }
}

/// <summary>Body of PUT. What is left out stays as it is; a new policy gets the defaults, and a CA of the service's own.</summary>
internal sealed record CredentialPolicyBody
{
    public long? ValidityDays { get; init; }

    public IReadOnlyList<string?>? KeyTypes { get; init; }

    /// <summary>A CA that the caller brings: PEM, or base64 of DER.</summary>
    public string? Certificate { get; init; }

    /// <summary>Its key: PKCS #8, PEM.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>
    /// Address of a signing key in a key store of the server. With <see cref="Certificate"/> the CA is that one, whose key it must be;
    /// without, the service makes a root of it.
    /// </summary>
    public string? SigningKey { get; init; }

    /// <summary>Whether the policy gets a new CA of the service's own.</summary>
    public bool NewAuthority { get; init; }

    /// <summary>Never the key.</summary>
    public override string ToString() => "credential policy ***";
}

internal sealed record CredentialPolicyList(IReadOnlyList<CredentialPolicyDocument> Value);

/// <summary>One entry of the inventory of issued certificates.</summary>
internal sealed record IssuedCertificateDocument
{
    public string? RegistrationId { get; init; }

    public string? SerialNumber { get; init; }

    public string? Sha256Thumbprint { get; init; }

    /// <summary>The same of the CA that signed.</summary>
    public string? IssuerSha256Thumbprint { get; init; }

    public string? CredentialPolicyName { get; init; }

    public string? KeyType { get; init; }

    public string? NotBeforeUtc { get; init; }

    public string? NotAfterUtc { get; init; }

    public string? IssuedDateTimeUtc { get; init; }

    /// <summary><c>current</c>, <c>superseded</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public string? Status { get; init; }

    /// <summary>When a later registration took its place; null: none has.</summary>
    public string? SupersededDateTimeUtc { get; init; }

    /// <summary>Null: it is not revoked.</summary>
    public string? RevokedDateTimeUtc { get; init; }

    /// <summary>A word of RFC 5280; null: it is not revoked.</summary>
    public string? RevocationReason { get; init; }

    /// <summary>Linked hubs that have not been told yet that it is revoked, and may let it in; null: there are none.</summary>
    public IReadOnlyList<UntoldHub>? UntoldHubs { get; init; }

    internal static IssuedCertificateDocument Of(IssuedCertificateRow row, DateTimeOffset now, IEnumerable<RevocationNotice> untold) => new()
    {
        RegistrationId = row.RegistrationName,
        SerialNumber = row.Serial,
        Sha256Thumbprint = row.Thumbprint,
        IssuerSha256Thumbprint = row.Authority,
        CredentialPolicyName = row.Policy,
        KeyType = row.KeyType,
        NotBeforeUtc = WireTime.Of(row.NotBefore),
        NotAfterUtc = WireTime.Of(row.NotAfter),
        IssuedDateTimeUtc = WireTime.Of(row.Issued),
        Status = row.Revoked != 0 ? "revoked" : row.NotAfter < now.UtcTicks ? "expired" : row.Superseded != 0 ? "superseded" : "current",
        SupersededDateTimeUtc = row.Superseded == 0 ? null : WireTime.Of(row.Superseded),
        RevokedDateTimeUtc = row.Revoked == 0 ? null : WireTime.Of(row.Revoked),
        RevocationReason = row.Revoked == 0 ? null : row.RevocationReason,
        UntoldHubs = untold.Select(notice => new UntoldHub(notice.HostName, notice.Problem.Length == 0 ? null : notice.Problem)).ToList() is { Count: > 0 } hubs ? hubs : null,
    };
}

/// <param name="Name">Its host name.</param>
/// <param name="Problem">Why the last attempt failed; null before there was one.</param>
internal sealed record UntoldHub(string Name, string? Problem);
