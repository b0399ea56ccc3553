using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing.DeadLetters;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>POST /gatehouse/v1/routing/endpoints/{name}/dead-letters/replay</c>: all that are there now go into the endpoint's queue again.</summary>
internal sealed class ReplayDeadLetters(DeadLetterOffice office) : ApiOperation(Operations.ManageRouting, "POST", "gatehouse/v1/routing/endpoints/{name}/dead-letters/replay")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var done = await office.ReplayAsync(request.Hub, request.Segment("name"), null, request.Actor, cancellationToken);
        return done.IsOk ? ApiResponse.Json(new DeadLetterCount(done.Value), OperatorJson.Types.DeadLetterCount) : done.Error;
    }
}
