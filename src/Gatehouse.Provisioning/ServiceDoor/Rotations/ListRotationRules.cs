using Gatehouse.Contracts.Access;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.ServiceDoor.Rotations;

/// <summary><c>GET /rotationRules</c>: each with how many keys are over age.</summary>
internal sealed class ListRotationRules(IRotationRules rules) : ServiceOperation(Operations.ManageProvisioningRotations, "GET", "rotationRules")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken) => ServiceAnswer.Json(
        new RuleList([.. (await rules.ListAsync(request.Service, cancellationToken)).Where(rule => RotationRights.MaySeeRule(request, rule.Kind))]), ProvisioningJson.Own.RuleList);
}

internal sealed record RuleList(IReadOnlyList<RuleView> Value);
