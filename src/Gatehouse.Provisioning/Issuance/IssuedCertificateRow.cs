namespace Gatehouse.Provisioning.Issuance;

/// <summary>A row of <c>issued_certificates</c>.</summary>
internal sealed record IssuedCertificateRow
{
    public string Service { get; init; } = "";

    /// <summary>Hex, upper-case.</summary>
    public string Serial { get; init; } = "";

    public string RegistrationId { get; init; } = "";

    /// <summary>The registration id as its device wrote it.</summary>
    public string RegistrationName { get; init; } = "";

    public string Policy { get; init; } = "";

    public string PolicyId { get; init; } = "";

    /// <summary>SHA-256, hex, upper-case.</summary>
    public string Thumbprint { get; init; } = "";

    /// <summary>The same of the CA that signed.</summary>
    public string Authority { get; init; } = "";

    public string KeyType { get; init; } = "";

    public long NotBefore { get; init; }

    public long NotAfter { get; init; }

    public long Issued { get; init; }

    /// <summary>When a later registration took its place; 0: it is the device's newest.</summary>
    public long Superseded { get; init; }

    /// <summary>0: it is not.</summary>
    public long Revoked { get; init; }

    /// <summary>A word of <see cref="Issuance.RevocationReason"/>; empty for one that is not revoked.</summary>
    public string RevocationReason { get; init; } = "";
}
