using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.RevocationNotices;

/// <summary>Tells linked hubs what is revoked: those of this server before its doors open, and all when there is something to tell, or two seconds have gone by.</summary>
internal sealed class RevocationNoticeUpkeep(RevocationNotices notices, ILogger<RevocationNoticeUpkeep> log) : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public Task StartingAsync(CancellationToken cancellationToken) => TryAsync(notices.TellHereAsync, cancellationToken);

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await TryAsync(notices.RunAsync, stoppingToken);
                await notices.WaitAsync(Interval, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // What is still to be told stands in the store.
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException and not OutOfMemoryException)
        {
            log.RevocationNoticesFailed(error);
        }
    }
}
