using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Routing;

/// <summary>Says how the routing of a hub goes.</summary>
public sealed class RoutingReports
{
    private readonly MessageRouter router;

    internal RoutingReports(MessageRouter router) => this.router = router;

    public Task<RoutingStatus> GetStatusAsync(HubName hub, CancellationToken cancellationToken) => router.ShowAsync(hub, cancellationToken);
}
