using Gatehouse.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.UseTracking;

/// <summary>Writes what <see cref="UseRecorder"/> has gathered: every five seconds, sooner when much waits, and at the end. A crash loses the uses of the last seconds, nothing else.</summary>
public sealed class UseWriter(Database database, UseRecorder recorder, TimeProvider time, ILogger<UseWriter> logger) : BackgroundService
{
    // Each batch is a transaction, for which other writers wait.
    private const int MaxBatch = 500;
    private const int Much = 10_000;
    private const int LooksBetween = 5;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim writing = new(1);

    /// <summary>Completes when what was used on this node so far is stored.</summary>
    /// <exception cref="StoreException">The store cannot write; what was not written waits on.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            var (uses, lost) = recorder.Take();
            if (lost > 0)
            {
                logger.UsesNotTracked(lost);
            }

            await WriteAsync(uses, cancellationToken);
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
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            await TryPruneAsync(stoppingToken);
            for (var looks = 1; await timer.WaitForNextTickAsync(stoppingToken); looks++)
            {
                if (looks >= LooksBetween || recorder.Count >= Much)
                {
                    looks = 0;
                    await TryFlushAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // StopAsync writes the rest.
        }
    }

    private async Task WriteAsync(Dictionary<UseKey, WaitingUse> uses, CancellationToken cancellationToken)
    {
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

    private async Task TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
        }
        catch (Exception error) when (error is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            logger.UsesNotWritten(recorder.Count, error);
        }
    }

    // Rows of identities and policies that are gone show nowhere; they only take room.
    private async Task TryPruneAsync(CancellationToken cancellationToken)
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
