using Gatehouse.Hub.Routing;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary>All routing of a hub as it is sent; the shape of the management API's <c>properties.routing</c>, with <c>webhooks</c> beside its endpoint types.</summary>
/// <remarks>What is absent or null has its default: no endpoints, no routes, no enrichments, the fallback on.</remarks>
internal sealed class RoutingBody
{
    public EndpointsBody? Endpoints { get; init; }

    public IReadOnlyList<RouteBody?>? Routes { get; init; }

    public FallbackBody? FallbackRoute { get; init; }

    public IReadOnlyList<EnrichmentBody?>? Enrichments { get; init; }

    public override string ToString() => "routing ***";

    internal RoutingProperties ToProperties() => new()
    {
        Endpoints =
        [
            .. Of(Endpoints?.ServiceBusQueues, EndpointTypes.ServiceBusQueue),
            .. Of(Endpoints?.ServiceBusTopics, EndpointTypes.ServiceBusTopic),
            .. Of(Endpoints?.EventHubs, EndpointTypes.EventHub),
            .. Of(Endpoints?.StorageContainers, EndpointTypes.StorageContainer),
            .. Of(Endpoints?.Webhooks, EndpointTypes.Webhook),
            .. Of(Endpoints?.CosmosDBSqlContainers, "cosmosDBSqlContainer"),
        ],
        Routes = [.. (Routes ?? []).Select(each => (each ?? new RouteBody()).ToRoute(each?.Name))],
        FallbackRoute = new FallbackRoute { IsEnabled = FallbackRoute?.IsEnabled ?? true },
        Enrichments = [.. (Enrichments ?? []).Select(each => (each ?? new EnrichmentBody()).ToEnrichment(each?.Key))],
    };

    private static IEnumerable<RoutingEndpoint> Of(IReadOnlyList<EndpointBody?>? endpoints, string type) =>
        (endpoints ?? []).Select(each => (each ?? new EndpointBody()).ToEndpoint(each?.Name) with { Type = type });
}

/// <summary>Endpoints by type.</summary>
internal sealed class EndpointsBody
{
    public IReadOnlyList<EndpointBody?>? ServiceBusQueues { get; init; }

    public IReadOnlyList<EndpointBody?>? ServiceBusTopics { get; init; }

    public IReadOnlyList<EndpointBody?>? EventHubs { get; init; }

    public IReadOnlyList<EndpointBody?>? StorageContainers { get; init; }

    public IReadOnlyList<EndpointBody?>? CosmosDBSqlContainers { get; init; }

    public IReadOnlyList<EndpointBody?>? Webhooks { get; init; }

    public override string ToString() => "***";
}
