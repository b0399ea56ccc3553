namespace Gatehouse.Provisioning.UseTracking;

/// <summary>A use in answers. Times are null where only the hub has seen one.</summary>
internal sealed record UseDocument
{
    /// <summary>Null: back ends.</summary>
    public string? RegistrationId { get; init; }

    /// <summary>As it is asked for; null in a list of one credential.</summary>
    public string? Credential { get; init; }

    /// <summary>SHA-256 of a certificate, of the device or of the CA of its group; null for keys.</summary>
    public string? Thumbprint { get; init; }

    public string? FirstUsed { get; init; }

    public string? LastUsed { get; init; }

    public string? Protocol { get; init; }

    public string? TlsVersion { get; init; }

    public string? CipherSuite { get; init; }

    public string? ServerCertificate { get; init; }

    public string? ServerIssuer { get; init; }

    public string? Software { get; init; }

    /// <summary>Use of the key that comes from this one, at the hub; null for none.</summary>
    public HubUseDocument? Hub { get; init; }

    internal static UseDocument Of(ProvisioningUse use, KnownCredential? known) => new()
    {
        RegistrationId = use.Registration.Length == 0 ? null : use.Registration,
        Credential = known?.Text,
        Thumbprint = known?.Slot.Thumbprint,
        FirstUsed = UseTimes.Of(use.FirstUsed),
        LastUsed = UseTimes.Of(use.LastUsed),
        Protocol = use.Protocol,
        TlsVersion = use.TlsVersion,
        CipherSuite = use.CipherSuite,
        ServerCertificate = use.ServerCertificate,
        ServerIssuer = use.ServerIssuer,
        Software = use.Software,
    };
}

/// <param name="HostName">Of the hub.</param>
/// <param name="DeviceId">Who it is there.</param>
/// <param name="LastUsed">Null: it has been connected since before.</param>
/// <param name="IsConnected">By this key, now.</param>
internal sealed record HubUseDocument(string HostName, string DeviceId, string? LastUsed, bool IsConnected);

/// <summary>Devices of an enrollment by what the hubs say.</summary>
/// <param name="Devices">Those that use the key, or are connected by it.</param>
/// <param name="LastUsed">By any of them.</param>
/// <param name="Connected">By it, now.</param>
/// <param name="Outdated">Those that have in this place a key that comes from one that the enrollment has no more.</param>
/// <param name="Elsewhere">Those in hubs of other servers: what they use is not known here.</param>
internal sealed record HubCountsDocument(long Devices, string? LastUsed, long Connected, long Outdated, long Elsewhere);

/// <summary>Who uses a credential.</summary>
internal sealed record UsersDocument
{
    public required string Credential { get; init; }

    public string? Thumbprint { get; init; }

    /// <summary>That came to the service by it, on all pages.</summary>
    public required long Registrations { get; init; }

    /// <summary>At the service, by anybody; null for nobody.</summary>
    public string? LastUsed { get; init; }

    /// <summary>For symmetric keys of enrollments, on the first page.</summary>
    public HubCountsDocument? Hubs { get; init; }

    public required IReadOnlyList<UseDocument> Value { get; init; }

    /// <summary>To be given as <c>after</c>; null on the last page.</summary>
    public string? Next { get; init; }
}

/// <param name="Credential">As it is asked for; <c>enrollments/…</c> for individual enrollments taken together.</param>
/// <param name="Thumbprint">SHA-256 of the CA certificate; null for keys.</param>
/// <param name="Registrations">That came by it.</param>
/// <param name="LastUsed">By anybody; null for nobody.</param>
internal sealed record UseTotalDocument(string Credential, string? Thumbprint, long Registrations, string? LastUsed)
{
    internal static UseTotalDocument Of(KnownCredential known, UseTotal? total) => new(known.Text, known.Slot.Thumbprint, total?.Registrations ?? 0, UseTimes.Of(total?.LastUsed ?? 0));

    internal static UseTotalDocument OfIndividuals(string slot, UseTotal? total) => new($"enrollments/{slot.TrimEnd('/')}", null, total?.Registrations ?? 0, UseTimes.Of(total?.LastUsed ?? 0));
}

/// <param name="Name">TLS version, or software as it names itself.</param>
/// <param name="Registrations">Devices.</param>
/// <param name="LastUsed">By anybody.</param>
internal sealed record TraitDocument(string Name, long Registrations, string? LastUsed)
{
    internal static TraitDocument Of(UseTotal total) => new(total.Credential, total.Registrations, UseTimes.Of(total.LastUsed));
}

/// <param name="Credentials">Of individual enrollments taken together, of groups, of policies.</param>
/// <param name="TlsVersions">By the last use of each registration and credential.</param>
/// <param name="Software">SDKs with their versions, as clients name themselves.</param>
internal sealed record UseSummaryDocument(IReadOnlyList<UseTotalDocument> Credentials, IReadOnlyList<TraitDocument> TlsVersions, IReadOnlyList<TraitDocument> Software);

/// <summary>What a device used.</summary>
internal sealed record UseListDocument(IReadOnlyList<UseDocument> Value);

/// <summary>Times in these documents.</summary>
internal static class UseTimes
{
    internal static string? Of(long ticks) => ticks == 0 ? null : WireTime.Of(ticks);

    internal static string? Of(DateTimeOffset? time) => time is { } at ? WireTime.Of(at) : null;
}
