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
}
