using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.AccessPolicies;

namespace Gatehouse.Provisioning.ServiceDoor.AuthorizationPolicies;

/// <summary><c>PUT /authorizationPolicies/{keyName}</c> with <c>{"rights":"…"}</c>: makes a policy without If-Match, changes one with it</summary>
internal sealed class PutPolicy(PolicySettings policies) : ServiceOperation(Operations.CreateOrUpdateProvisioningPolicy, "PUT", "authorizationPolicies/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadAsync(ProvisioningJson.Types.PolicyDocument, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var saved = await policies.PutAsync(request.PolicyCaller, request.Id, body.Value, ifMatch.Value, cancellationToken);
        return saved.IsOk ? PolicyAnswer.Of(saved.Value) : saved.Error;
    }
}
