using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Revoking;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.RevocationLists;

/// <summary><c>PUT /gatehouse/v1/revocation-lists/{ca}/rule?drill=true</c> with <c>{"stale":"refuse"}</c></summary>
internal sealed class PutIssuerListRule(IssuerLists lists) : ApiOperation(Operations.ManageRevocations, "PUT", "gatehouse/v1/revocation-lists/{ca}/rule")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (request.Query("drill") is not (null or "true" or "false"))
        {
            return HubErrors.ArgumentInvalid.With("drill must be true or false.");
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.IssuerListRuleBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var effect = await lists.SetRuleAsync(request.Hub, request.Segment("ca"), body.Value.Stale, request.Query("drill") == "true", request.Actor, cancellationToken);
        return effect.IsOk ? ApiResponse.Json(IssuerListEffectJson.From(effect.Value), OperatorJson.Types.IssuerListEffectJson) : effect.Error;
    }
}
