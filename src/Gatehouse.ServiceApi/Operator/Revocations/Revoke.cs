using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Revoking;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Operator.Revocations;

/// <summary><c>POST /gatehouse/v1/revocations?drill=true</c> with what is to be revoked; a drill says what would happen, and changes nothing.</summary>
internal sealed class Revoke(RevocationList revocations) : ApiOperation(Operations.ManageRevocations, "POST", "gatehouse/v1/revocations")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (request.Query("drill") is not (null or "true" or "false"))
        {
            return HubErrors.ArgumentInvalid.With("drill must be true or false.");
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.RevocationRequest, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var isDrill = request.Query("drill") == "true";
        var effect = isDrill
            ? await revocations.RehearseAsync(request.Hub, body.Value, request.Actor, cancellationToken)
            : await revocations.RevokeAsync(request.Hub, body.Value, request.Actor, cancellationToken);
        return effect.IsOk
            ? ApiResponse.Json(RevocationEffectJson.From(effect.Value), OperatorJson.Types.RevocationEffectJson, status: effect.Value.IsNew && !isDrill ? StatusCodes.Status201Created : StatusCodes.Status200OK)
            : effect.Error;
    }
}
