namespace Gatehouse.Hub.Routing;

/// <summary>All that is defined about the routing of one hub: <c>properties.routing</c> of the management API.</summary>
public sealed record RoutingProperties
{
    public IReadOnlyList<RoutingEndpoint> Endpoints { get; init; } = [];

    public IReadOnlyList<MessageRoute> Routes { get; init; } = [];

    public FallbackRoute FallbackRoute { get; init; } = new();

    public IReadOnlyList<MessageEnrichment> Enrichments { get; init; } = [];

    /// <summary>Moves with every change of any part.</summary>
    public string ETag { get; init; } = "";
}
