using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>GET /gatehouse/v1/routing/enrichments/{key}</c></summary>
internal sealed class GetEnrichment(RoutingDefinitions routing) : ApiOperation(Operations.ManageRouting, "GET", "gatehouse/v1/routing/enrichments/{key}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var all = await routing.GetAsync(request.Hub, cancellationToken);
        var found = all.Enrichments.FirstOrDefault(each => string.Equals(each.Key, request.Segment("key"), StringComparison.OrdinalIgnoreCase));
        return found is null
            ? HubErrors.GenericNotFound.With("There is no enrichment of this name.")
            : ApiResponse.Json(found, OperatorJson.Types.MessageEnrichment, all.ETag);
    }
}
