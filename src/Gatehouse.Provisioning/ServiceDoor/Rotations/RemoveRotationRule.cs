using Gatehouse.Contracts.Access;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.ServiceDoor.Rotations;

/// <summary><c>DELETE /rotationRules/{kind}</c>: the rule goes, its plans go on.</summary>
internal sealed class RemoveRotationRule(IRotationRules rules) : ServiceOperation(Operations.ManageProvisioningRotations, "DELETE", "rotationRules/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        if (RotationRights.CheckRule(request, request.Id) is { } refused)
        {
            return refused;
        }

        var rule = await rules.RemoveAsync(request.Service, request.Id, request.Actor, cancellationToken);
        return rule.IsOk ? ServiceAnswer.Json(rule.Value, ProvisioningJson.Own.RuleView) : rule.Error;
    }
}
