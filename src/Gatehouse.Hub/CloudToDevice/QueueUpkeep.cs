using Gatehouse.Hub.Notifications;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>What time does to queues, looked at every second: locks end, messages and notifications expire, feedback becomes a batch.</summary>
internal sealed class QueueUpkeep(
    Mailboxes mailboxes, ExpiredMessages expired, FeedbackBatches feedback, NotificationQueues notifications, TimeProvider time, ILogger<QueueUpkeep> log) : Upkeep(TimeSpan.FromSeconds(1), time)
{
    /// <summary>One look at everything.</summary>
    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        mailboxes.Tick(Time.GetUtcNow());
        await TryAsync("messages", expired.RemoveAsync, cancellationToken);
        await TryAsync("feedback", feedback.SendDueAsync, cancellationToken);
        await TryAsync("notifications", notifications.UpkeepAsync, cancellationToken);
    }

    protected override void TellFailed(Exception error) => log.QueueUpkeepFailed("queues", error);

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
