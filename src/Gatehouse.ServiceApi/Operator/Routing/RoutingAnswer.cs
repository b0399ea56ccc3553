using Gatehouse.Hub.Routing;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary>All routing of a hub in answers: <see cref="RoutingBody"/> with everything filled in and the secrets masked.</summary>
internal sealed record RoutingAnswer(EndpointsAnswer Endpoints, IReadOnlyList<MessageRoute> Routes, FallbackRoute FallbackRoute, IReadOnlyList<MessageEnrichment> Enrichments)
{
    internal static RoutingAnswer From(RoutingProperties all) => new(
        new EndpointsAnswer(
            Of(all, EndpointTypes.ServiceBusQueue),
            Of(all, EndpointTypes.ServiceBusTopic),
            Of(all, EndpointTypes.EventHub),
            Of(all, EndpointTypes.StorageContainer),
            Of(all, EndpointTypes.Webhook)),
        all.Routes,
        all.FallbackRoute,
        all.Enrichments);

    private static IReadOnlyList<RoutingEndpoint> Of(RoutingProperties all, string type) => [.. all.Endpoints.Where(each => each.Type == type)];
}

/// <summary>Endpoints by type.</summary>
internal sealed record EndpointsAnswer(
    IReadOnlyList<RoutingEndpoint> ServiceBusQueues,
    IReadOnlyList<RoutingEndpoint> ServiceBusTopics,
    IReadOnlyList<RoutingEndpoint> EventHubs,
    IReadOnlyList<RoutingEndpoint> StorageContainers,
    IReadOnlyList<RoutingEndpoint> Webhooks);
