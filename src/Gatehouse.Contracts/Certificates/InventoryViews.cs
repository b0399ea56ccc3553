namespace Gatehouse.Contracts.Certificates;

/// <summary>A certificate of the inventory, in answers of both APIs.</summary>
public sealed record CertificateView
{
    /// <summary>A word of <see cref="CertificateKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Device, device/module, registration, CA certificate, policy or group; null for what many send.</summary>
    public string? UsedBy { get; init; }

    public required string Subject { get; init; }

    public required string Issuer { get; init; }

    /// <summary>Of a list its number; null when it is not known.</summary>
    public string? SerialNumber { get; init; }

    public required string Sha256Thumbprint { get; init; }

    /// <summary>Null for lists.</summary>
    public string? KeyType { get; init; }

    /// <summary>UTC.</summary>
    public required DateTime NotBefore { get; init; }

    /// <summary>UTC; of a list when the next one is due.</summary>
    public required DateTime NotAfter { get; init; }

    /// <summary><c>current</c>, <c>ended</c>, or <c>former</c>: revoked, replaced, or its owner is gone.</summary>
    public required string Status { get; init; }

    /// <summary>SHA-256 of the CA that it led to; null for none.</summary>
    public string? AuthoritySha256 { get; init; }

    /// <summary>Or issued; null when that is not known.</summary>
    public DateTime? FirstSeen { get; init; }

    /// <summary>Of a CA: when somebody below it was seen last. Null for never.</summary>
    public DateTime? LastSeen { get; init; }
}

/// <param name="Value">In the order of their ends, the first to end first.</param>
/// <param name="Next">To be given as <c>after</c>; null on the last page.</param>
public sealed record InventoryPage(IReadOnlyList<CertificateView> Value, string? Next);

/// <summary>What ends in a time to come.</summary>
public sealed record CertificateForecast
{
    /// <summary>UTC.</summary>
    public required DateTime From { get; init; }

    public required DateTime Until { get; init; }

    /// <summary><c>day</c>, <c>week</c> or <c>month</c>.</summary>
    public required string By { get; init; }

    /// <summary>Those in which something ends.</summary>
    public required IReadOnlyList<EndingPeriod> Periods { get; init; }

    /// <summary>What ends and is no device's: CAs, what devices send beside their own, revocation lists, the server's own.</summary>
    public required IReadOnlyList<EndingAbove> Above { get; init; }

    /// <summary>Devices whose newest known certificate ends, a page; empty on pages that show none.</summary>
    public required InventoryPage Devices { get; init; }
}

/// <param name="Start">Begin of the day, week or month, UTC.</param>
/// <param name="Certificates">Certificates of devices that end in it.</param>
/// <param name="Devices">Devices, modules and registrations that have no newer one.</param>
/// <param name="Others">Those of <see cref="CertificateForecast.Above"/>.</param>
public sealed record EndingPeriod(DateTime Start, long Certificates, long Devices, long Others);

/// <param name="Certificate">What ends.</param>
/// <param name="Devices">Devices, modules and registrations below it.</param>
public sealed record EndingAbove(CertificateView Certificate, long Devices);
