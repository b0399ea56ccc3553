using Gatehouse.Contracts.Access;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.ServiceDoor.Rotations;

/// <summary><c>POST /rotations/{plan}?change=start</c>, <c>pause</c>, <c>resume</c> or <c>cancel</c>.</summary>
internal sealed class ChangeRotation(IRotationPlans plans, RotationRights rights) : ServiceOperation(Operations.ManageProvisioningRotations, "POST", "rotations/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var found = await plans.FindAsync(request.Service, request.Id, cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        if (await rights.CheckAsync(request, found.Value.Kind, found.Value.Subject, cancellationToken) is { } refused)
        {
            return refused;
        }

        var changed = await plans.ChangeAsync(request.Service, request.Id, request.Query("change") ?? "", request.Actor, cancellationToken);
        return changed.IsOk ? ServiceAnswer.Json(changed.Value, ProvisioningJson.Own.PlanView) : changed.Error;
    }
}
