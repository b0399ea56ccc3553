using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.AccessPolicies;

namespace Gatehouse.Provisioning.ServiceDoor.AuthorizationPolicies;

/// <summary><c>POST /authorizationPolicies/{keyName}/regenerateKey</c> with <c>{"key":"primary"|"secondary"|"swap"}</c>: tokens of a replaced key die at once</summary>
internal sealed class RegeneratePolicyKey(PolicySettings policies) : ServiceOperation(Operations.RegenerateProvisioningPolicyKey, "POST", "authorizationPolicies/{id}/regenerateKey")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadAsync(ProvisioningJson.Types.RegenerateKeyBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var saved = await policies.RegenerateAsync(request.PolicyCaller, request.Id, body.Value.Key, ifMatch.Value, cancellationToken);
        return saved.IsOk ? PolicyAnswer.Of(saved.Value) : saved.Error;
    }
}
