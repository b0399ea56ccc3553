using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>GET /gatehouse/v1/routing/routes/{name}</c></summary>
internal sealed class GetRoute(RoutingDefinitions routing) : ApiOperation(Operations.ManageRouting, "GET", "gatehouse/v1/routing/routes/{name}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var all = await routing.GetAsync(request.Hub, cancellationToken);
        var found = all.Routes.FirstOrDefault(each => string.Equals(each.Name, request.Segment("name"), StringComparison.OrdinalIgnoreCase));
        return found is null
            ? HubErrors.GenericNotFound.With("There is no route of this name.")
            : ApiResponse.Json(found, OperatorJson.Types.MessageRoute, all.ETag);
    }
}
