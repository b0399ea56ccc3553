using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>PUT /gatehouse/v1/routing/endpoints/{name}</c>: creates or replaces.</summary>
internal sealed class PutEndpoint(RoutingDefinitions routing) : ApiOperation(Operations.ManageRouting, "PUT", "gatehouse/v1/routing/endpoints/{name}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.EndpointBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var given = body.Value.ToEndpoint(request.Segment("name"));
        var saved = await routing.PutEndpointAsync(request.Hub, given, ifMatch.Value, request.Actor, cancellationToken);
        return saved.IsOk
            ? ApiResponse.Json(saved.Value.Value, OperatorJson.Types.RoutingEndpoint, status: saved.Value.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK)
            : saved.Error;
    }
}
