using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.ServiceDoor.Rotations;

/// <summary><c>POST /rotations?drill=true</c>: makes a plan, which does nothing before it is started; a drill only shows it.</summary>
internal sealed class CreateRotation(IRotationPlans plans, RotationRights rights) : ServiceOperation(Operations.ManageProvisioningRotations, "POST", "rotations")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        if (request.Query("drill") is not (null or "true" or "false"))
        {
            return ProvisioningErrors.ArgumentInvalid.With("drill must be true or false.");
        }

        var body = await request.ReadAsync(ProvisioningJson.Types.PlanInput, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (await rights.CheckAsync(request, body.Value.Kind, body.Value.Subject, cancellationToken) is { } refused)
        {
            return refused;
        }

        var plan = await plans.CreateAsync(request.Service, body.Value, request.Query("drill") == "true", request.Actor, cancellationToken);
        return plan.IsOk ? ServiceAnswer.Json(plan.Value, ProvisioningJson.Own.PlanView) : plan.Error;
    }
}
