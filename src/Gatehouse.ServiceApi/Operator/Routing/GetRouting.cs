using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>GET /gatehouse/v1/routing</c></summary>
internal sealed class GetRouting(RoutingDefinitions routing) : ApiOperation(Operations.ManageRouting, "GET", "gatehouse/v1/routing")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var all = await routing.GetAsync(request.Hub, cancellationToken);
        return ApiResponse.Json(RoutingAnswer.From(all), OperatorJson.Types.RoutingAnswer, all.ETag);
    }
}
