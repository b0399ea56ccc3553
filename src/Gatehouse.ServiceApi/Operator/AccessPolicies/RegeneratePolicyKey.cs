using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.AccessPolicies;

/// <summary><c>POST /gatehouse/v1/policies/{name}/regenerate-key</c> with <c>{"key":"primary"|"secondary"|"swap"}</c>; tokens of a replaced key die at once.</summary>
internal sealed class RegeneratePolicyKey(SharedAccessPolicies policies) : ApiOperation(Operations.ManagePolicies, "POST", "gatehouse/v1/policies/{name}/regenerate-key")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.RegenerateKeyBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        KeyRenewal? renewal = body.Value.Key switch
        {
            "primary" => KeyRenewal.Primary,
            "secondary" => KeyRenewal.Secondary,
            "swap" => KeyRenewal.Swap,
            _ => null,
        };
        if (renewal is null)
        {
            return HubErrors.ArgumentInvalid.With("The key must be primary, secondary or swap.");
        }

        var renewed = await policies.RenewKeyAsync(request.Hub, request.Segment("name"), renewal.Value, ifMatch.Value, request.Actor, cancellationToken);
        return renewed.IsOk ? PolicyJson.Answer(renewed.Value) : renewed.Error;
    }
}
