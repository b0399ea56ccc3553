using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.AccessPolicies;

namespace Gatehouse.Provisioning.ServiceDoor.AuthorizationPolicies;

/// <summary><c>GET /authorizationPolicies</c>, without keys</summary>
internal sealed class ListPolicies(PolicySettings policies) : ServiceOperation(Operations.ListProvisioningPolicies, "GET", "authorizationPolicies")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var all = await policies.ListAsync(request.Service, cancellationToken);
        return ServiceAnswer.Json(new PolicyList([.. all.Select(PolicyDocument.Of)]), ProvisioningJson.Types.PolicyList);
    }
}
