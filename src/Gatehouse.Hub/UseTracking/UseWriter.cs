using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.UseTracking;

/// <summary>Writes what <see cref="UseRecorder"/> has gathered.</summary>
public sealed class UseWriter(Database database, UseRecorder recorder, TimeProvider time, ILogger<UseWriter> logger) : WriteBehind(time)
{
    // Each batch is a transaction, for which other writers wait.
    private const int MaxBatch = 500;
    private const int Much = 10_000;

    protected override bool IsMuch => recorder.Count >= Much;

    protected override async Task WriteAsync(CancellationToken cancellationToken)
    {
        var (uses, lost) = recorder.Take();
        if (lost > 0)
        {
            logger.UsesNotTracked(lost);
        }

        var written = 0;
        try
        {
            foreach (var batch in uses.Chunk(MaxBatch))
            {
                await database.WriteAsync<bool>(
                    async (write, cancel) =>
                    {
                        // In one order on all nodes: two of them may write the same rows.
                        await UseRows.SaveAsync(write, batch.OrderBy(static each => each.Key.Identity?.ToString(), StringComparer.Ordinal).ThenBy(static each => each.Key.Credential, StringComparer.Ordinal), cancel);
                        return true;
                    },
                    cancellationToken);
                written += batch.Length;
            }
        }
        catch
        {
            recorder.PutBack(uses.Skip(written));
            throw;
        }
    }

    protected override void TellNotWritten(Exception error) => logger.UsesNotWritten(recorder.Count, error);

    // Rows of identities and policies that are gone show nowhere; they only take room.
    protected override async Task TidyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await database.DeleteInBatchesAsync(UseRows.PruneAsync, cancellationToken);
        }
        catch (Exception error) when (error is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            logger.UsesNotPruned(error);
        }
    }
}
