using Gatehouse.Hub.Notifications;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>What time does to queues, looked at every second: locks end, messages and notifications expire, feedback becomes a batch.</summary>
internal sealed class QueueUpkeep(
    Mailboxes mailboxes, ExpiredMessages expired, FeedbackBatches feedback, NotificationQueues notifications, TimeProvider time, ILogger<QueueUpkeep> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>One look at everything.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        mailboxes.Tick(time.GetUtcNow());
        await TryAsync("messages", expired.RemoveAsync, cancellationToken);
        await TryAsync("feedback", feedback.SendDueAsync, cancellationToken);
        await TryAsync("notifications", notifications.UpkeepAsync, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await RunAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing is half done: each step is a transaction.
        }
    }

    private async Task TryAsync(string step, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            log.QueueUpkeepFailed(step, error);
        }
    }
}
