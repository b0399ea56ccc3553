using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.StrictModes;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.StrictModes;

/// <summary><c>PATCH /gatehouse/v1/strictness?drill=true&amp;force=true</c> with what shall change; a drill says what would happen, and changes nothing.</summary>
internal sealed class ChangeStrictness(StrictModeRules rules) : ApiOperation(Operations.ManageStrictness, "PATCH", "gatehouse/v1/strictness")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (request.Query("drill") is not (null or "true" or "false") || request.Query("force") is not (null or "true" or "false"))
        {
            return HubErrors.ArgumentInvalid.With("drill and force must be true or false.");
        }

        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.StrictnessBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var effect = request.Query("drill") == "true"
            ? await rules.RehearseAsync(request.Principal, body.Value.Change, ifMatch.Value, cancellationToken)
            : await rules.ChangeAsync(request.Principal, body.Value.Change, ifMatch.Value, request.Query("force") == "true", request.Actor, cancellationToken);
        return effect.IsOk ? ApiResponse.Json(StrictnessEffectJson.From(effect.Value), OperatorJson.Types.StrictnessEffectJson, effect.Value.Current.ETag) : effect.Error;
    }
}
