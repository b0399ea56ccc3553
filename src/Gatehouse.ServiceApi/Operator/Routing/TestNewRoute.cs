using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>POST /gatehouse/v1/routing/test-new</c>: whether a route that need not exist would take a message.</summary>
internal sealed class TestNewRoute(RouteTests tests) : ApiOperation(Operations.ManageRouting, "POST", "gatehouse/v1/routing/test-new")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(OperatorJson.Types.TestNewBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var verdict = tests.TestNew(body.Value.Route?.Condition, TestMessageBody.From(body.Value.Message, body.Value.Twin));
        return verdict.IsOk ? ApiResponse.Json(TestNewAnswer.From(verdict.Value), OperatorJson.Types.TestNewAnswer) : verdict.Error;
    }
}
