using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Audit;

/// <summary>Cuts the audit log to its size from time to time.</summary>
internal sealed class AuditPruning(AuditLog log, AuditOptions options, TimeProvider time, ILogger<AuditPruning> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.PruneInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await log.PruneAsync(stoppingToken) is > 0 and var count)
                {
                    StoreLog.AuditPruned(logger, count);
                }
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                StoreLog.AuditPruneFailed(logger, error);
            }
        }
    }
}
