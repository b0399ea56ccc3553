using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>GET /gatehouse/v1/routing/status</c></summary>
internal sealed class GetRoutingStatus(RoutingReports reports) : ApiOperation(Operations.ManageRouting, "GET", "gatehouse/v1/routing/status")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        ApiResponse.Json(await reports.GetStatusAsync(request.Hub, cancellationToken), OperatorJson.Types.RoutingStatus);
}
