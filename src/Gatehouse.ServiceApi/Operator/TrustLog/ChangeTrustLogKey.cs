using Gatehouse.Contracts.Access;
using Gatehouse.Hub.TrustLog;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.TrustLog;

/// <summary><c>POST /gatehouse/v1/log/key</c> with <c>{"key":ADDRESS}</c>: the present key announces the one that signs from the next checkpoint on.</summary>
internal sealed class ChangeTrustLogKey(TrustLogKeeper keeper) : ApiOperation(Operations.ManageTrustLog, "POST", "gatehouse/v1/log/key")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(OperatorJson.Types.KeyBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var changed = await keeper.ChangeKeyAsync(request.Hub, body.Value.Key, request.Actor, cancellationToken);
        return changed.IsOk ? ApiResponse.Json(TrustLogJson.From(changed.Value, keeper), OperatorJson.Types.TrustLogJson) : changed.Error;
    }
}
