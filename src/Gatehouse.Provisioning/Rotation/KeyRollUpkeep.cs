using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.Rotation;

/// <summary>Looks every two seconds for keys that are to be carried to hubs.</summary>
internal sealed class KeyRollUpkeep(KeyRolls rolls, TimeProvider time, ILogger<KeyRollUpkeep> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // How far it is stands in the store.
        }
    }

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await rolls.RunAsync(cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException and not OutOfMemoryException)
        {
            log.KeyRollInterrupted(error);
        }
    }
}
