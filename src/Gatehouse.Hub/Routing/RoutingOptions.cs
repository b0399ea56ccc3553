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

    /// <summary>How long an endpoint is tried for one event; then the event goes to the endpoint's dead letters.</summary>
    /// <remarks>1 minute–30 days, default 1 day. Source: own; the service's figure is not documented.</remarks>
    public TimeSpan MaxDeliveryTime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>First pause after a failed delivery; each further one doubles up to <see cref="MaxRetryPause"/>.</summary>
    /// <remarks>1 ms–1 minute, default 1 s. Source: own.</remarks>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between deliveries to an endpoint that fails.</summary>
    /// <remarks>1 s–10 minutes, default 1 minute. Source: own.</remarks>
    public TimeSpan MaxRetryPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often positions are written down; what was carried on since is carried on again after a crash.</summary>
    /// <remarks>10 ms–10 s, default 1 s. Source: own.</remarks>
    public TimeSpan PositionInterval { get; init; } = TimeSpan.FromSeconds(1);
}
