using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Rotation;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Rotation;

/// <summary><c>GET /gatehouse/v1/rotations/{plan}</c>: how far it is.</summary>
internal sealed class GetRotation(Rotations rotations) : ApiOperation(Operations.ManageRotations, "GET", "gatehouse/v1/rotations/{plan}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var plan = await rotations.FindAsync(request.Hub, request.Segment("plan"), cancellationToken);
        return plan.IsOk ? ApiResponse.Json(RotationJson.From(plan.Value), OperatorJson.Types.RotationJson) : plan.Error;
    }
}
