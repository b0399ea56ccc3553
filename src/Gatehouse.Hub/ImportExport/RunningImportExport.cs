using System.Data.Common;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Jobs;
using Gatehouse.Store;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Does one import or export, from wherever it is to its end, and waits for a storage service that is away.</summary>
internal sealed class RunningImportExport(HubName hub, string jobId, ImportExportParts parts)
{
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(2);

    /// <summary>Returns when the job has ended, is gone, or the server stops.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        // Off the caller's thread.
        await Task.Yield();
        HubError? fault = null;
        var (away, place, progress) = (default(DateTimeOffset?), new ImportPlace(-1, 0, 0), 0L);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var row = await parts.ChangeAsync(hub, jobId, (_, found, _) => Task.FromResult(Started(found)), cancellationToken);
                if (row is not { Status: JobStates.Running })
                {
                    return;
                }

                // What went on before it stopped shows that it was there: waiting begins anew. An export begins from the front each time, so that only further than ever counts.
                if (row.Place != place || row.Progress > progress)
                {
                    (away, place, progress) = (null, row.Place, Math.Max(progress, row.Progress));
                }

                var isOver = parts.Now - away >= parts.Options.Patience;
                fault = isOver ? fault : await TryAsync(row, cancellationToken);
                if (isOver || fault is not { IsTransient: true })
                {
                    await EndAsync(fault, cancellationToken);
                    return;
                }

                away ??= parts.Now;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                parts.Log.JobInterrupted(hub.Value, jobId, error);

                // While the hub's own store is away the storage service is not asked, and its time does not run out.
                away = away is null ? null : parts.Now;
            }
            catch (Exception)
            {
                // The server stops; how far it is lies in the store.
                return;
            }

            await Task.Delay(RestartPause, parts.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private ImportExportRow Started(ImportExportRow row) => row.Status == JobStates.Enqueued ? row with { Status = JobStates.Running, Started = parts.Now.UtcTicks } : row;

    private async Task<HubError?> TryAsync(ImportExportRow row, CancellationToken cancellationToken)
    {
        try
        {
            var addresses = parts.Seal.Open(hub, row);
            return row.IsImport ? await new ImportRun(hub, row, addresses, parts).RunAsync(cancellationToken) : await new ExportRun(hub, row, addresses, parts).RunAsync(cancellationToken);
        }
        catch (IOException)
        {
            // The connection broke while the blob was read.
            return HubErrors.ServiceUnavailable.With("The storage service stopped sending.");
        }
        catch (Exception error) when (error is not (DbException or StoreException) && !cancellationToken.IsCancellationRequested)
        {
            // A bug, perhaps one of this blob only: it is tried again for as long as a storage service that is away, and not for ever.
            parts.Log.JobInterrupted(hub.Value, jobId, error);
            return HubErrors.ServerError;
        }
    }

    // A job that was cancelled in between stays so.
    private Task<ImportExportRow?> EndAsync(HubError? fault, CancellationToken cancellationToken) => parts.ChangeAsync(
        hub,
        jobId,
        async (write, row, token) =>
        {
            await ImportExportRows.RemoveErrorsAsync(write, row, token);
            return row.Status != JobStates.Running ? row : fault is null ? row.End(JobStates.Completed, parts.Now) : row.End(JobStates.Failed, parts.Now, fault.Message);
        },
        cancellationToken);
}
