using Gatehouse.Contracts.Identities;
using Gatehouse.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>
/// Does what time does to measured boots: who has not attested by the time that was set goes into quarantine, and hubs that could not be told are told again.
/// Every node runs it; each row is taken by one of them, in the transaction that changes it.
/// </summary>
internal sealed class BootUpkeep(Database database, BootStates boots, TimeProvider time, ILogger<BootUpkeep> log) : BackgroundService
{
    private const int BatchRows = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // Who has just written it is about to tell the hub itself.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        int found;
        do
        {
            var due = await database.ReadAsync((connection, token) => BootRows.FindDueAsync(connection, time.GetUtcNow().UtcTicks, BatchRows, token), cancellationToken);
            foreach (var row in due)
            {
                await boots.QuarantineOverdueAsync(row, cancellationToken);
            }

            found = due.Count;
        }
        while (found == BatchRows);

        var before = (time.GetUtcNow() - RetryAfter).UtcTicks;
        foreach (var row in await database.ReadAsync((connection, token) => BootRows.FindWorkAsync(connection, before, BatchRows, token), cancellationToken))
        {
            var taken = await database.WriteAsync<bool>(async (transaction, token) => await BootRows.TakeWorkAsync(transaction, row, time.GetUtcNow().UtcTicks, token), cancellationToken);
            if (taken is { IsOk: true, Value: true })
            {
                await boots.ApplyAsync(HubName.Parse(row.Service), row.Id, cancellationToken);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                log.BootUpkeepFailed(error);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
