using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.AccessPolicies;

namespace Gatehouse.Provisioning.ServiceDoor.AuthorizationPolicies;

/// <summary><c>POST /authorizationPolicies/{keyName}/listkeys</c>; the audit log says who looked</summary>
internal sealed class ListPolicyKeys(PolicySettings policies) : ServiceOperation(Operations.ListProvisioningPolicyKeys, "POST", "authorizationPolicies/{id}/listkeys")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var shown = await policies.ShowKeysAsync(request.PolicyCaller, request.Id, cancellationToken);
        return shown.IsOk ? PolicyAnswer.Of(shown.Value) : shown.Error;
    }
}
