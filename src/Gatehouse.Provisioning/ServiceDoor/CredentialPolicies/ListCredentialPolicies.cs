using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Issuance;

namespace Gatehouse.Provisioning.ServiceDoor.CredentialPolicies;

/// <summary><c>GET /credentialPolicies</c></summary>
internal sealed class ListCredentialPolicies(Issuance.CredentialPolicies policies) : ServiceOperation(Operations.ListCredentialPolicies, "GET", "credentialPolicies")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var all = await policies.ListAsync(request.Service, cancellationToken);
        return ServiceAnswer.Json(new CredentialPolicyList([.. all.Select(CredentialPolicyDocument.Of)]), ProvisioningJson.Own.CredentialPolicyList);
    }
}
