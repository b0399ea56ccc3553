using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Audit;

/// <summary>Cuts the audit log to its size from time to time.</summary>
internal sealed class AuditPruning(AuditLog log, AuditOptions options, TimeProvider time, ILogger<AuditPruning> logger) : Upkeep(options.PruneInterval, time)
{
    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        if (await log.PruneAsync(cancellationToken) is > 0 and var count)
        {
            StoreLog.AuditPruned(logger, count);
        }
    }

    protected override void TellFailed(Exception error) => StoreLog.AuditPruneFailed(logger, error);
}
