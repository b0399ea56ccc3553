using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>POST /gatehouse/v1/routing/test-all</c>: which routes would take a message.</summary>
internal sealed class TestAllRoutes(RouteTests tests) : ApiOperation(Operations.ManageRouting, "POST", "gatehouse/v1/routing/test-all")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(OperatorJson.Types.TestAllBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var taking = await tests.TestAllAsync(request.Hub, body.Value.RoutingSource, TestMessageBody.From(body.Value.Message, body.Value.Twin), cancellationToken);
        return taking.IsOk ? ApiResponse.Json(new TestAllAnswer([.. taking.Value.Select(route => new MatchedRoute(route))]), OperatorJson.Types.TestAllAnswer) : taking.Error;
    }
}
