using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>GET /gatehouse/v1/routing/routes</c></summary>
internal sealed class ListRoutes(RoutingDefinitions routing) : ApiOperation(Operations.ManageRouting, "GET", "gatehouse/v1/routing/routes")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var all = await routing.GetAsync(request.Hub, cancellationToken);
        return ApiResponse.Json(new ListOf<MessageRoute>(all.Routes), OperatorJson.Types.MessageRoutes, all.ETag);
    }
}
