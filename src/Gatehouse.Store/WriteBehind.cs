using Microsoft.Extensions.Hosting;

namespace Gatehouse.Store;

/// <summary>Writes what a node has gathered in memory: every five seconds, sooner when much waits, and at an orderly stop. A crash loses what was gathered in the last seconds, nothing else.</summary>
/// <param name="time">Clock.</param>
public abstract class WriteBehind(TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim writing = new(1);

    /// <summary>Whether so much waits that it is written at the next look, within a second.</summary>
    protected virtual bool IsMuch => false;

    /// <summary>Completes when what was gathered on this node so far is stored.</summary>
    /// <exception cref="StoreException">The store cannot write; what was not written waits on.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            await WriteAsync(cancellationToken);
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
        GC.SuppressFinalize(this);
    }

    /// <summary>Takes what waits and writes it, one call at a time; what cannot be written is put back before the failure is thrown.</summary>
    protected abstract Task WriteAsync(CancellationToken cancellationToken);

    /// <summary>Tells the operator that it failed, and is tried again.</summary>
    protected abstract void TellNotWritten(Exception error);

    /// <summary>Once, before the first look. Tells of its own failures.</summary>
    protected virtual Task TidyAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            var last = time.GetTimestamp();
            await TidyAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (IsMuch || time.GetElapsedTime(last) >= Round)
                {
                    await TryFlushAsync(stoppingToken);
                    last = time.GetTimestamp();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // StopAsync writes the rest.
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
            TellNotWritten(error);
        }
    }
}
