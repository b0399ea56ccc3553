using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing.DeadLetters;
using Gatehouse.ServiceApi.Operator.Audit;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>GET /gatehouse/v1/routing/endpoints/{name}/dead-letters?max=100&amp;after=ID</c>: the oldest first.</summary>
internal sealed class ListDeadLetters(DeadLetterOffice office) : ApiOperation(Operations.ManageRouting, "GET", "gatehouse/v1/routing/endpoints/{name}/dead-letters")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var max = Page.Max(request, 100);
        if (!max.IsOk)
        {
            return max.Error;
        }

        var found = await office.ListAsync(request.Hub, request.Segment("name"), request.Query("after"), max.Value, cancellationToken);
        return found.IsOk ? ApiResponse.Json(new ListOf<DeadLetterJson>([.. found.Value.Select(DeadLetterJson.From)]), OperatorJson.Types.DeadLetters) : found.Error;
    }
}
