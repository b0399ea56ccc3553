using Microsoft.Extensions.Hosting;

namespace Gatehouse.Store;

/// <summary>What time brings: done again and again while the node runs. What fails is told and tried at the next round, whatever it was.</summary>
/// <param name="interval">From round to round; one that takes longer is followed by the next at once.</param>
/// <param name="time">Clock.</param>
/// <param name="isAtOnce">Whether the first round comes with the start and not an interval after it.</param>
public abstract class Upkeep(TimeSpan interval, TimeProvider time, bool isAtOnce = false) : BackgroundService
{
    /// <summary>The clock.</summary>
    protected TimeProvider Time => time;

    /// <summary>One round. A stop may end it between any two of its steps: each is whole by itself.</summary>
    public abstract Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Tells the operator that a round failed.</summary>
    protected abstract void TellFailed(Exception error);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            if (isAtOnce)
            {
                await TryRunAsync(stoppingToken);
            }

            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryRunAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next start goes on.
        }
    }

    // A call that was given up for its time-out is cancelled too, and no end of the upkeep.
    private async Task TryRunAsync(CancellationToken stoppingToken)
    {
        try
        {
            await RunAsync(stoppingToken);
        }
        catch (Exception error) when (error is not OutOfMemoryException && !stoppingToken.IsCancellationRequested)
        {
            TellFailed(error);
        }
    }
}
