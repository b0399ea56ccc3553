using Gatehouse.Contracts.Identities;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>
/// Does what time does to measured boots: who has not attested by the time that was set goes into quarantine, and hubs that could not be told are told again.
/// Every node runs it; each row is taken by one of them, in the transaction that changes it.
/// </summary>
internal sealed class BootUpkeep(Database database, BootStates boots, TimeProvider time, ILogger<BootUpkeep> log) : Upkeep(TimeSpan.FromSeconds(5), time)
{
    private const int BatchRows = 100;

    // Who has just written it is about to tell the hub itself.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        int found;
        do
        {
            var due = await database.ReadAsync((connection, token) => BootRows.FindDueAsync(connection, Time.GetUtcNow().UtcTicks, BatchRows, token), cancellationToken);
            foreach (var row in due)
            {
                await boots.QuarantineOverdueAsync(row, cancellationToken);
            }

            found = due.Count;
        }
        while (found == BatchRows);

        var before = (Time.GetUtcNow() - RetryAfter).UtcTicks;
        foreach (var row in await database.ReadAsync((connection, token) => BootRows.FindWorkAsync(connection, before, BatchRows, token), cancellationToken))
        {
            var taken = await database.WriteAsync<bool>(async (transaction, token) => await BootRows.TakeWorkAsync(transaction, row, Time.GetUtcNow().UtcTicks, token), cancellationToken);
            if (taken is { IsOk: true, Value: true })
            {
                await boots.ApplyAsync(HubName.Parse(row.Service), row.Id, cancellationToken);
            }
        }
    }

    protected override void TellFailed(Exception error) => log.BootUpkeepFailed(error);
}
