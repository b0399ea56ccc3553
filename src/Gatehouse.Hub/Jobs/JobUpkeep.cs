using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.ImportExport;
using Gatehouse.Store;

namespace Gatehouse.Hub.Jobs;

/// <summary>Removes ended jobs that are too old or too many, a few records at a time.</summary>
internal sealed class JobUpkeep(HubDirectory directory, JobParts parts, ImportExportOptions transfers) : Upkeep(TimeSpan.FromMinutes(10), parts.Time)
{
    private const int BatchRows = 1_000;

    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var hub in directory.All)
        {
            var (before, options) = ((parts.Now - parts.Options.History).UtcTicks, parts.Options);
            foreach (var jobId in await parts.Database.ReadAsync(
                (connection, token) => JobRows.FindOldAsync(connection, hub.Name, before, options.MaxEnded, options.MaxDeviceRecords, token), cancellationToken))
            {
                await RemoveAsync(hub.Name, jobId, cancellationToken);
            }

            await parts.Database.WriteAsync<bool>(
                async (write, token) =>
                {
                    await ImportExportRows.RemoveOldAsync(write, hub.Name, (parts.Now - transfers.History).UtcTicks, transfers.MaxEnded, token);
                    return true;
                },
                cancellationToken);
        }
    }

    protected override void TellFailed(Exception error) => parts.Log.JobsNotRemoved(error);

    private async Task RemoveAsync(HubName hub, string jobId, CancellationToken cancellationToken)
    {
        var isMore = true;
        while (isMore)
        {
            isMore = (await parts.Database.WriteAsync<bool>(
                async (write, token) =>
                {
                    var removed = await DeviceJobRows.DeleteSomeAsync(write, hub, jobId, BatchRows, token);
                    if (removed < BatchRows)
                    {
                        await JobRows.DeleteAsync(write, hub, jobId, token);
                    }

                    return removed == BatchRows;
                },
                cancellationToken)).Value;
        }
    }
}
