using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Issuance;

namespace Gatehouse.Provisioning.ServiceDoor.CredentialPolicies;

/// <summary><c>PUT /credentialPolicies/{name}</c>: creates without If-Match, changes with it. An empty body is one that leaves everything to the service.</summary>
internal sealed class PutCredentialPolicy(Issuance.CredentialPolicies policies) : ServiceOperation(Operations.CreateOrUpdateCredentialPolicy, "PUT", "credentialPolicies/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadOptionalAsync(ProvisioningJson.Types.CredentialPolicyBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var saved = await policies.PutAsync(request.Service, request.Actor, request.Id, body.Value ?? new CredentialPolicyBody(), ifMatch.Value, cancellationToken);
        return saved.IsOk ? CredentialPolicyAnswer.Of(saved.Value) : saved.Error;
    }
}
