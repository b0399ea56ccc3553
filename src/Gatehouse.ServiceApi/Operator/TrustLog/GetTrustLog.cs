using Gatehouse.Contracts.Access;
using Gatehouse.Hub.TrustLog;
using Gatehouse.ServiceApi.Rest;
using Gatehouse.Store.TrustLog;

namespace Gatehouse.ServiceApi.Operator.TrustLog;

/// <summary><c>GET /gatehouse/v1/log</c>: the log's name, size and keys, and what is wrong with it.</summary>
internal sealed class GetTrustLog(TrustLogStore store, TrustLogKeeper keeper) : ApiOperation(Operations.ReadTrustLog, "GET", "gatehouse/v1/log")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        ApiResponse.Json(TrustLogJson.From(await store.ReadAsync(cancellationToken), keeper), OperatorJson.Types.TrustLogJson);
}
