using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>PUT /gatehouse/v1/routing/fallback</c> with <c>{"isEnabled":true|false}</c>: whether device messages that no route wants go to <c>events</c>.</summary>
internal sealed class PutFallback(RoutingDefinitions routing) : ApiOperation(Operations.ManageRouting, "PUT", "gatehouse/v1/routing/fallback")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.FallbackBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var saved = await routing.PutFallbackAsync(request.Hub, body.Value.IsEnabled ?? true, ifMatch.Value, request.Actor, cancellationToken);
        return saved.IsOk ? ApiResponse.Json(saved.Value, OperatorJson.Types.FallbackRoute) : saved.Error;
    }
}
