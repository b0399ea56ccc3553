using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Provisioning.Rotation;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.ServiceDoor.Rotations;

/// <summary>Who may rotate what: with EnrollmentWrite the keys of enrollments; those of a policy takes ServiceConfig too, and all rights that it holds.</summary>
internal sealed class RotationRights(PolicySettings policies)
{
    internal static bool MaySee(ServiceRequest request, PlanView plan) => plan.Kind != PolicyKeyPairs.KindName || request.PolicyCaller.Holds(Rights.ServiceConfig);

    internal static bool MaySeeRule(ServiceRequest request, string kind) => kind != PolicyKeyPairs.KindName || request.PolicyCaller.Holds(Rights.ServiceConfig);

    /// <summary>Null when he may have such a rule. One for policies is about all of them: it takes all rights. Unauthorized.</summary>
    internal static HubError? CheckRule(ServiceRequest request, string kind) => kind != PolicyKeyPairs.KindName || request.PolicyCaller.Holds(Rights.ProvisioningOwner)
        ? null
        : ProvisioningErrors.Unauthorized.With($"The policy '{request.PolicyCaller.Name}' does not hold all the rights that this is about.");

    /// <summary>Null when he may. Unauthorized, PolicyNotFound.</summary>
    internal async Task<HubError?> CheckAsync(ServiceRequest request, string? kind, string? subject, CancellationToken cancellationToken)
    {
        if (kind != PolicyKeyPairs.KindName)
        {
            return null;
        }

        if (!request.PolicyCaller.Holds(Rights.ServiceConfig))
        {
            return ProvisioningErrors.Unauthorized.With("Policies are shown to who holds ServiceConfig.");
        }

        var found = await policies.FindAsync(request.Service, subject ?? "", cancellationToken);
        return !found.IsOk ? found.Error
            : request.PolicyCaller.Holds((Rights)found.Value.Rights) ? null
            : ProvisioningErrors.Unauthorized.With($"The policy '{request.PolicyCaller.Name}' does not hold all the rights that this is about.");
    }
}
