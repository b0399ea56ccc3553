namespace Gatehouse.Hub.Credentials;

/// <summary>Limits of the credential cache.</summary>
public sealed record CredentialOptions
{
    /// <summary>Devices (each with its modules) kept in memory. Default 100,000, about 1 KB each with two keys.</summary>
    public int MaxDevices { get; init; } = 100_000;

    /// <summary>Unknown device ids remembered, so that a caller who guesses ids costs no read each time. Default 10,000, apart from the known ones.</summary>
    public int MaxUnknown { get; init; } = 10_000;

    /// <summary>Hubs whose policies and trust anchors are kept in memory. Default 1,000.</summary>
    public int MaxHubs { get; init; } = 1_000;

    /// <summary>How long an unknown id is remembered. Default 5 s; a device that is created is known at once through its signal.</summary>
    public TimeSpan UnknownAge { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a fact is believed without a signal. Default 10 minutes: signals between nodes travel at most once.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(10);
}
