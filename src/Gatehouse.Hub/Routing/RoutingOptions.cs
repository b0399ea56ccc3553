namespace Gatehouse.Hub.Routing;

/// <summary>Limits of message routing.</summary>
public sealed record RoutingOptions
{
    /// <summary>Routes per hub.</summary>
    /// <remarks>0–1000, default 100. One more: ArgumentInvalid. Source: IoT Hub "Quotas and throttling" page.</remarks>
    public int MaxRoutes { get; init; } = 100;

    /// <summary>Custom endpoints per hub.</summary>
    /// <remarks>0–100, default 10. One more: ArgumentInvalid. Source: IoT Hub "Quotas and throttling" page.</remarks>
    public int MaxEndpoints { get; init; } = 10;

    /// <summary>Enrichments per hub.</summary>
    /// <remarks>0–100, default 10. One more: ArgumentInvalid. Source: IoT Hub "Message enrichments" page.</remarks>
    public int MaxEnrichments { get; init; } = 10;

    /// <summary>Longest condition of a route.</summary>
    /// <remarks>Characters, 1–8192, default 8192, which is what the query language takes. Source: own.</remarks>
    public int MaxConditionLength { get; init; } = 8192;

    /// <summary>Longest value of an enrichment.</summary>
    /// <remarks>Characters, 1–4096, default 1024. Source: own.</remarks>
    public int MaxEnrichmentValueLength { get; init; } = 1024;

    /// <summary>Events of the hub's own making that wait in the outbox of one hub. One more is not made (log event 2228), nor another for a second; what it would have told is written all the same.</summary>
    /// <remarks>1–10,000,000, default 100,000. Reached only while the event log takes nothing. Source: own.</remarks>
    public int MaxWaitingEvents { get; init; } = 100_000;

    /// <summary>How long an endpoint is tried for one event, from its coming into the endpoint's queue; then it goes to the endpoint's dead letters.</summary>
    /// <remarks>1 s–30 days, default 1 day. Source: own; the service's figure is not documented.</remarks>
    public TimeSpan MaxDeliveryTime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Dead letters kept of one endpoint; the oldest go for newer ones, up to a hundredth of them at once.</summary>
    /// <remarks>1–1,000,000, default 10,000. Source: own.</remarks>
    public int MaxDeadLetters { get; init; } = 10_000;

    /// <summary>The same, in bytes of their records.</summary>
    /// <remarks>1 MiB–1 TiB, default 64 MiB. Source: own.</remarks>
    public long MaxDeadLetterBytes { get; init; } = 64L << 20;

    /// <summary>First pause after a failed delivery; each further one doubles up to <see cref="MaxRetryPause"/>.</summary>
    /// <remarks>1 ms–1 minute, default 1 s. Source: own.</remarks>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between deliveries to an endpoint that fails.</summary>
    /// <remarks>1 ms–10 minutes, default 1 minute; at least RetryPause. Source: own.</remarks>
    public TimeSpan MaxRetryPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Where nodes share a store: how long the routing of a hub stays with a node that is not heard of. It is heard of four times in it.</summary>
    /// <remarks>1 s–5 minutes, default 20 s. Source: own.</remarks>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often positions are written down; what was carried on since is carried on again after a crash.</summary>
    /// <remarks>10 ms–10 s, default 1 s. Source: own.</remarks>
    public TimeSpan PositionInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Throws when a value is outside its range; the message names the option, the value and what is allowed.</summary>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public void Validate()
    {
        Require(MaxRoutes is >= 0 and <= 1000, nameof(MaxRoutes), MaxRoutes, "0 to 1000");
        Require(MaxEndpoints is >= 0 and <= 100, nameof(MaxEndpoints), MaxEndpoints, "0 to 100");
        Require(MaxEnrichments is >= 0 and <= 100, nameof(MaxEnrichments), MaxEnrichments, "0 to 100");
        Require(MaxConditionLength is >= 1 and <= 8192, nameof(MaxConditionLength), MaxConditionLength, "1 to 8192");
        Require(MaxEnrichmentValueLength is >= 1 and <= 4096, nameof(MaxEnrichmentValueLength), MaxEnrichmentValueLength, "1 to 4096");
        Require(MaxWaitingEvents is >= 1 and <= 10_000_000, nameof(MaxWaitingEvents), MaxWaitingEvents, "1 to 10000000");
        Require(IsWithin(MaxDeliveryTime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30)), nameof(MaxDeliveryTime), MaxDeliveryTime, "1 s to 30 days");
        Require(MaxDeadLetters is >= 1 and <= 1_000_000, nameof(MaxDeadLetters), MaxDeadLetters, "1 to 1000000");
        Require(MaxDeadLetterBytes is >= 1L << 20 and <= 1L << 40, nameof(MaxDeadLetterBytes), MaxDeadLetterBytes, "1 MiB to 1 TiB");
        Require(IsWithin(RetryPause, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1)), nameof(RetryPause), RetryPause, "1 ms to 1 minute");
        Require(IsWithin(MaxRetryPause, RetryPause, TimeSpan.FromMinutes(10)), nameof(MaxRetryPause), MaxRetryPause, "RetryPause to 10 minutes");
        Require(IsWithin(LeaseTime, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)), nameof(LeaseTime), LeaseTime, "1 s to 5 minutes");
        Require(IsWithin(PositionInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10)), nameof(PositionInterval), PositionInterval, "10 ms to 10 s");
    }

    private static bool IsWithin(TimeSpan value, TimeSpan least, TimeSpan most) => value >= least && value <= most;

    private static void Require(bool holds, string name, object value, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} is {value}; allowed: {allowed}.");
        }
    }
}
