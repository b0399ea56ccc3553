using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>PUT /gatehouse/v1/routing</c>: all parts at once, as the management API puts <c>properties.routing</c>.</summary>
internal sealed class PutRouting(RoutingDefinitions routing) : ApiOperation(Operations.ManageRouting, "PUT", "gatehouse/v1/routing")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.RoutingBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var saved = await routing.ReplaceAsync(request.Hub, body.Value.ToProperties(), ifMatch.Value, request.Actor, cancellationToken);
        return saved.IsOk ? ApiResponse.Json(RoutingAnswer.From(saved.Value), OperatorJson.Types.RoutingAnswer, saved.Value.ETag) : saved.Error;
    }
}
