using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing.DeadLetters;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>DELETE /gatehouse/v1/routing/endpoints/{name}/dead-letters/{id}</c>: it is thrown away.</summary>
internal sealed class DropDeadLetter(DeadLetterOffice office) : ApiOperation(Operations.ManageRouting, "DELETE", "gatehouse/v1/routing/endpoints/{name}/dead-letters/{id}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var done = await office.DropAsync(request.Hub, request.Segment("name"), request.Segment("id"), request.Actor, cancellationToken);
        return done.IsOk ? ApiResponse.Json(new DeadLetterCount(done.Value), OperatorJson.Types.DeadLetterCount) : done.Error;
    }
}
