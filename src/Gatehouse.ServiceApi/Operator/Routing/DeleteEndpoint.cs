using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>DELETE /gatehouse/v1/routing/endpoints/{name}</c></summary>
internal sealed class DeleteEndpoint(RoutingDefinitions routing) : ApiOperation(Operations.ManageRouting, "DELETE", "gatehouse/v1/routing/endpoints/{name}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var deleted = await routing.DeleteEndpointAsync(request.Hub, request.Segment("name"), ifMatch.Value, request.Actor, cancellationToken);
        return deleted.IsOk ? ApiResponse.NoContent : deleted.Error;
    }
}
