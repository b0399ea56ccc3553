using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.ServiceDoor.Rotations;

/// <summary><c>GET /rotations/{plan}</c>: how far it is.</summary>
internal sealed class GetRotation(IRotationPlans plans) : ServiceOperation(Operations.ManageProvisioningRotations, "GET", "rotations/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var plan = await plans.FindAsync(request.Service, request.Id, cancellationToken);
        return !plan.IsOk ? plan.Error
            : RotationRights.MaySee(request, plan.Value) ? ServiceAnswer.Json(plan.Value, ProvisioningJson.Own.PlanView)
            : ProvisioningErrors.Unauthorized;
    }
}
