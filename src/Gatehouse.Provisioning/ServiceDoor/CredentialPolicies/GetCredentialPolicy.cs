using Gatehouse.Contracts.Access;

namespace Gatehouse.Provisioning.ServiceDoor.CredentialPolicies;

/// <summary><c>GET /credentialPolicies/{name}</c></summary>
internal sealed class GetCredentialPolicy(Issuance.CredentialPolicies policies) : ServiceOperation(Operations.GetCredentialPolicy, "GET", "credentialPolicies/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var found = await policies.FindAsync(request.Service, request.Id, cancellationToken);
        return found.IsOk ? CredentialPolicyAnswer.Of(found.Value) : found.Error;
    }
}
