using Gatehouse.Contracts.Access;

namespace Gatehouse.Provisioning.ServiceDoor.CredentialPolicies;

/// <summary><c>DELETE /credentialPolicies/{name}</c>, with If-Match; not while an enrollment names it.</summary>
internal sealed class DeleteCredentialPolicy(Issuance.CredentialPolicies policies) : ServiceOperation(Operations.DeleteCredentialPolicy, "DELETE", "credentialPolicies/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var deleted = await policies.DeleteAsync(request.Service, request.Actor, request.Id, ifMatch.Value, cancellationToken);
        return deleted.IsOk ? ServiceAnswer.NoContent : deleted.Error;
    }
}
