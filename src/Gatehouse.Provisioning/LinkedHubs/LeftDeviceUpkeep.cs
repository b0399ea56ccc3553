using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>Looks every 15 seconds for devices that are due to be taken from the hub that they left.</summary>
internal sealed class LeftDeviceUpkeep(LeftDevices left, TimeProvider time, ILogger<LeftDeviceUpkeep> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

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
            // Nothing is half done: each device is a step of its own.
        }
    }

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await left.RunAsync(cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException and not OutOfMemoryException)
        {
            log.LeftDevicesFailed(error);
        }
    }
}
