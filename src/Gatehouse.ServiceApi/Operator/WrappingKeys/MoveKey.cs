using Gatehouse.Contracts.Access;
using Gatehouse.Hub.WrappingKeys;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.WrappingKeys;

/// <summary><c>POST /gatehouse/v1/keys/move</c> with <c>{"key":address}</c>: wraps the data keys by a key that is made where there is none, and removes the former one if it is a file.</summary>
internal sealed class MoveKey(ServerKeys keys) : ApiOperation(Operations.ManageKeys, "POST", "gatehouse/v1/keys/move")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(OperatorJson.Types.KeyBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var changed = await keys.MoveAsync(request.Hub, body.Value.Key, request.Actor, cancellationToken);
        return changed.IsOk ? ApiResponse.Json(changed.Value, OperatorJson.Types.KeyOverview) : changed.Error;
    }
}
