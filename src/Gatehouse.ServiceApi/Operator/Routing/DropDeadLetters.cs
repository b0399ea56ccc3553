using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing.DeadLetters;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>DELETE /gatehouse/v1/routing/endpoints/{name}/dead-letters</c>: all are thrown away.</summary>
internal sealed class DropDeadLetters(DeadLetterOffice office) : ApiOperation(Operations.ManageRouting, "DELETE", "gatehouse/v1/routing/endpoints/{name}/dead-letters")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var done = await office.DropAsync(request.Hub, request.Segment("name"), null, request.Actor, cancellationToken);
        return done.IsOk ? ApiResponse.Json(new DeadLetterCount(done.Value), OperatorJson.Types.DeadLetterCount) : done.Error;
    }
}
