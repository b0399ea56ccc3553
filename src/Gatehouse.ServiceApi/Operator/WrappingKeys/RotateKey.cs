using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.WrappingKeys;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.WrappingKeys;

/// <summary><c>POST /gatehouse/v1/keys/rotate</c> with <c>{"key":"data"|"wrapping"}</c>: a new data key, or a new wrapping key in the same store.</summary>
internal sealed class RotateKey(ServerKeys keys) : ApiOperation(Operations.ManageKeys, "POST", "gatehouse/v1/keys/rotate")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(OperatorJson.Types.RotateKeyBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (body.Value.Key is not ("data" or "wrapping"))
        {
            return HubErrors.ArgumentInvalid.With("The key must be data or wrapping.");
        }

        var changed = await keys.RotateAsync(request.Hub, isWrapping: body.Value.Key == "wrapping", request.Actor, cancellationToken);
        return changed.IsOk ? ApiResponse.Json(changed.Value, OperatorJson.Types.KeyOverview) : changed.Error;
    }
}
