using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.UseTracking;

/// <summary>Writes what <see cref="ProvisioningUses"/> has gathered.</summary>
internal sealed class ProvisioningUseWriter(Database database, ProvisioningUses uses, TimeProvider time, ILogger<ProvisioningUseWriter> logger) : WriteBehind(time)
{
    // Each batch is a transaction, for which other writers wait.
    private const int MaxBatch = 500;

    protected override async Task WriteAsync(CancellationToken cancellationToken)
    {
        var (taken, lost) = uses.Take();
        if (lost > 0)
        {
            logger.UsesNotTracked(lost);
        }

        var written = 0;
        try
        {
            foreach (var batch in taken.Chunk(MaxBatch))
            {
                await database.WriteAsync<bool>(
                    async (write, cancel) =>
                    {
                        // In one order on all nodes: two of them may write the same rows.
                        await ProvisioningUseRows.SaveAsync(write, batch.OrderBy(static each => each.Owner, StringComparer.Ordinal).ThenBy(static each => each.Registration, StringComparer.Ordinal).ThenBy(static each => each.Credential, StringComparer.Ordinal), cancel);
                        return true;
                    },
                    cancellationToken);
                written += batch.Length;
            }
        }
        catch
        {
            uses.PutBack(taken.Skip(written));
            throw;
        }
    }

    protected override void TellNotWritten(Exception error) => logger.UsesNotWritten(uses.Count, error);

    // Rows of enrollments and policies that are gone show nowhere; they only take room.
    protected override async Task TidyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await database.DeleteInBatchesAsync(ProvisioningUseRows.PruneAsync, cancellationToken);
        }
        catch (Exception error) when (error is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            logger.UsesNotPruned(error);
        }
    }
}
