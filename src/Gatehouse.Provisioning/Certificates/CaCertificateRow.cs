namespace Gatehouse.Provisioning.Certificates;

/// <summary>A row of <c>provisioning_certificates</c>.</summary>
internal sealed record CaCertificateRow
{
    public string Service { get; init; } = "";

    public string Id { get; init; } = "";

    /// <summary>The id in the case that it was given in.</summary>
    public string Name { get; init; } = "";

    public string Etag { get; init; } = "";

    /// <summary>Base64 of DER.</summary>
    public string Certificate { get; init; } = "";

    public long IsVerified { get; init; }

    /// <summary>Given out and not proved yet; null for none.</summary>
    public string? VerificationCode { get; init; }

    public long Created { get; init; }

    public long Changed { get; init; }

    /// <summary>Without the code: it is shown once.</summary>
    public override string ToString() => $"CA certificate {Name}";
}
