using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Rotation;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Rotation;

/// <summary><c>GET /gatehouse/v1/rotations</c>: the newest first.</summary>
internal sealed class ListRotations(Rotations rotations) : ApiOperation(Operations.ManageRotations, "GET", "gatehouse/v1/rotations")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var plans = await rotations.ListAsync(request.Hub, cancellationToken);
        return ApiResponse.Json(new ListOf<RotationJson>([.. plans.Select(RotationJson.From)]), OperatorJson.Types.Rotations);
    }
}
