using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.AccessPolicies;

namespace Gatehouse.Provisioning.ServiceDoor.AuthorizationPolicies;

/// <summary><c>GET /authorizationPolicies/{keyName}</c>, without keys</summary>
internal sealed class GetPolicy(PolicySettings policies) : ServiceOperation(Operations.GetProvisioningPolicy, "GET", "authorizationPolicies/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var found = await policies.FindAsync(request.Service, request.Id, cancellationToken);
        return found.IsOk ? PolicyAnswer.Of(found.Value) : found.Error;
    }
}
