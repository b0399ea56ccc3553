using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.AccessPolicies;

namespace Gatehouse.Provisioning.ServiceDoor.AuthorizationPolicies;

/// <summary><c>DELETE /authorizationPolicies/{keyName}</c>: what its keys opened ends at once</summary>
internal sealed class DeletePolicy(PolicySettings policies) : ServiceOperation(Operations.DeleteProvisioningPolicy, "DELETE", "authorizationPolicies/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var deleted = await policies.DeleteAsync(request.PolicyCaller, request.Id, ifMatch.Value, cancellationToken);
        return deleted.IsOk ? ServiceAnswer.NoContent : deleted.Error;
    }
}
