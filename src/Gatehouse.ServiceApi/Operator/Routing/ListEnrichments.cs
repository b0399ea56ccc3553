using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>GET /gatehouse/v1/routing/enrichments</c></summary>
internal sealed class ListEnrichments(RoutingDefinitions routing) : ApiOperation(Operations.ManageRouting, "GET", "gatehouse/v1/routing/enrichments")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var all = await routing.GetAsync(request.Hub, cancellationToken);
        return ApiResponse.Json(new ListOf<MessageEnrichment>(all.Enrichments), OperatorJson.Types.MessageEnrichments, all.ETag);
    }
}
