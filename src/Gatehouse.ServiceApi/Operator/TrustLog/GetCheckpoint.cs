using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.TrustLog;
using Gatehouse.ServiceApi.Rest;
using Gatehouse.Store.TrustLog;

namespace Gatehouse.ServiceApi.Operator.TrustLog;

/// <summary><c>GET /gatehouse/v1/log/checkpoint</c>: the newest signed checkpoint (C2SP tlog-checkpoint). What waited when it was asked for is in it, where this node can sign.</summary>
internal sealed class GetCheckpoint(TrustLogStore store, TrustLogKeeper keeper) : ApiOperation(Operations.ReadTrustLog, "GET", "gatehouse/v1/log/checkpoint")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (await store.IsWaitingAsync(cancellationToken) || await store.ReadAsync(cancellationToken) is not { Checkpoint: not null })
        {
            await keeper.StepAsync(cancellationToken);
        }

        return (await store.ReadAsync(cancellationToken))?.Checkpoint is { } checkpoint
            ? ApiResponse.Bytes(Encoding.UTF8.GetBytes(checkpoint), "text/plain; charset=utf-8", "no-cache")
            : HubErrors.ServiceUnavailable.With($"The trust log has not been signed yet. {keeper.KeyProblem}".TrimEnd());
    }
}
