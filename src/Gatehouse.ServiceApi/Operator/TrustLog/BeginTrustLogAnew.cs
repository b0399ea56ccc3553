using Gatehouse.Contracts.Access;
using Gatehouse.Hub.TrustLog;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.TrustLog;

/// <summary><c>POST /gatehouse/v1/log/begin-anew</c>: another log, with what is left of one that somebody has changed.</summary>
internal sealed class BeginTrustLogAnew(TrustLogKeeper keeper) : ApiOperation(Operations.ManageTrustLog, "POST", "gatehouse/v1/log/begin-anew")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var begun = await keeper.BeginAnewAsync(request.Hub, request.Actor, cancellationToken);
        return begun.IsOk ? ApiResponse.Json(TrustLogJson.From(begun.Value, keeper), OperatorJson.Types.TrustLogJson) : begun.Error;
    }
}
