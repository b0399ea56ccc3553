using Gatehouse.Contracts.Access;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.ServiceDoor.Rotations;

/// <summary><c>GET /rotations</c>: the newest first.</summary>
internal sealed class ListRotations(IRotationPlans plans) : ServiceOperation(Operations.ManageProvisioningRotations, "GET", "rotations")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken) => ServiceAnswer.Json(
        new PlanList([.. (await plans.ListAsync(request.Service, cancellationToken)).Where(plan => RotationRights.MaySee(request, plan))]), ProvisioningJson.Own.PlanList);
}

internal sealed record PlanList(IReadOnlyList<PlanView> Value);
