namespace Gatehouse.Provisioning.Limits;

/// <summary>Limits of rate of a provisioning service, on each node. Off by default: docs/decisions/0021.</summary>
/// <remarks>Source of the service's own: Device Provisioning Service "Quotas and limits" page.</remarks>
public sealed record LimitOptions
{
    /// <summary>As the service has them.</summary>
    public static LimitOptions OfTheService { get; } = new() { RegistrationsPerMinute = 1_000, CallsPerMinute = 1_000, PollsPerTenSeconds = 5 };

    /// <summary>Registrations of all devices in a minute. 0–1,000,000, default 0: no limit. The service: 1,000. One more: TooManyRequests (429001), with the time after which it is let in.</summary>
    /// <remarks>A device that has registered within a minute gets only what lies above half of it: who is stuck in a circle keeps nobody out.</remarks>
    public int RegistrationsPerMinute { get; init; }

    /// <summary>Calls of the service API in a minute. 0–1,000,000, default 0: no limit. The service: 1,000. One more: as above.</summary>
    public int CallsPerMinute { get; init; }

    /// <summary>Polls and look-ups of one device in 10 seconds. 0–1,000, default 0: no limit. The service: 5. One more: as above.</summary>
    public int PollsPerTenSeconds { get; init; }
}
