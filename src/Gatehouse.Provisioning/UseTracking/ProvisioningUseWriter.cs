using Gatehouse.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.UseTracking;

/// <summary>Writes what <see cref="ProvisioningUses"/> has gathered: every five seconds, and at the end. A crash loses the uses of the last seconds, nothing else.</summary>
internal sealed class ProvisioningUseWriter(Database database, ProvisioningUses uses, TimeProvider time, ILogger<ProvisioningUseWriter> logger) : BackgroundService
{
    // Each batch is a transaction, for which other writers wait.
    private const int MaxBatch = 500;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim writing = new(1);

    /// <summary>Completes when what was used on this node so far is stored.</summary>
    /// <exception cref="StoreException">The store cannot write; what was not written waits on.</exception>
    internal async Task FlushAsync(CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            var (taken, lost) = uses.Take();
            if (lost > 0)
            {
                logger.UsesNotTracked(lost);
            }

            await WriteAsync(taken, cancellationToken);
        }
        finally
        {
            writing.Release();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await FlushAsync(cancellationToken);
    }

    public override void Dispose()
    {
        writing.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Round, time);
        try
        {
            await TryPruneAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryFlushAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // StopAsync writes the rest.
        }
    }

    private async Task WriteAsync(IReadOnlyCollection<ProvisioningUse> taken, CancellationToken cancellationToken)
    {
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

    private async Task TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
        }
        catch (Exception error) when (error is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            logger.UsesNotWritten(uses.Count, error);
        }
    }

    // Rows of enrollments and policies that are gone show nowhere; they only take room.
    private async Task TryPruneAsync(CancellationToken cancellationToken)
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
