using Gatehouse.Contracts.Access;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.ServiceDoor.Rotations;

/// <summary><c>PUT /rotationRules/{kind}</c>: how old keys of a kind may become.</summary>
internal sealed class SetRotationRule(IRotationRules rules) : ServiceOperation(Operations.ManageProvisioningRotations, "PUT", "rotationRules/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        if (RotationRights.CheckRule(request, request.Id) is { } refused)
        {
            return refused;
        }

        var body = await request.ReadAsync(ProvisioningJson.Types.RuleInput, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var rule = await rules.SetAsync(request.Service, request.Id, body.Value, request.Actor, cancellationToken);
        return rule.IsOk ? ServiceAnswer.Json(rule.Value, ProvisioningJson.Own.RuleView) : rule.Error;
    }
}
