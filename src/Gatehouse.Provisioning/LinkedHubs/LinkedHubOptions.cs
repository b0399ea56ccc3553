namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>Settings of linked hubs on other servers.</summary>
public sealed record LinkedHubOptions
{
    /// <summary>Linked hubs of a service. 1–1,000, default 50. One more: LinkedHubConflict. Source: Device Provisioning Service "Quotas and limits" page.</summary>
    public int MaxHubs { get; init; } = 50;

    /// <summary>Whether they may lie at loopback, link-local and private addresses. Default false, as for endpoints of routes; TLS is needed in any case.</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>Longest time of one call. 1–30 s, default 5 s: a registration makes up to six of them, and clients wait for 30 s. Source: own.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Steps of registrations that one of them works on at once. 1–1,000, default 16, a quarter of the registrations that run; one more: TooManyRequests (429001). Source: own.</summary>
    /// <remarks>A hub that is slow must not take the places of devices that go elsewhere.</remarks>
    public int MaxCalls { get; init; } = 16;

    /// <summary>How long a hub that could not be reached is left alone before one device tries it again; at each further failure twice as long, up to 30 s. 100 ms–30 s, default 1 s. Source: own.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);
}
