using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Rotation;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Rotation;

/// <summary><c>POST /gatehouse/v1/rotations/{plan}/{change}</c>: <c>start</c>, <c>pause</c>, <c>resume</c>, <c>rollback</c> or <c>cancel</c>.</summary>
internal sealed class ChangeRotation(Rotations rotations) : ApiOperation(Operations.ManageRotations, "POST", "gatehouse/v1/rotations/{plan}/{change}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var (hub, id, actor) = (request.Hub, request.Segment("plan"), request.Actor);
        var plan = request.Segment("change") switch
        {
            "start" => await rotations.StartAsync(hub, id, actor, cancellationToken),
            "pause" => await rotations.PauseAsync(hub, id, actor, cancellationToken),
            "resume" => await rotations.ResumeAsync(hub, id, actor, cancellationToken),
            "rollback" => await rotations.RollBackAsync(hub, id, actor, cancellationToken),
            "cancel" => await rotations.CancelAsync(hub, id, actor, cancellationToken),
            _ => HubErrors.ArgumentInvalid.With("A plan can be changed by start, pause, resume, rollback and cancel."),
        };
        return plan.IsOk ? ApiResponse.Json(RotationJson.From(plan.Value), OperatorJson.Types.RotationJson) : plan.Error;
    }
}
