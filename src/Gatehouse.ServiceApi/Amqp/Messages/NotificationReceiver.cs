using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Notifications;
using Gatehouse.Transport.Amqp.Queues;
using Gatehouse.Wire.Amqp;
using Microsoft.Extensions.Logging;

namespace Gatehouse.ServiceApi.Amqp.Messages;

/// <summary>Feeds one receiver of feedback or file notifications.</summary>
internal sealed class NotificationReceiver(NotificationQueues notifications, IGrant grant, NotificationKind kind, ILogger log) : QueueFeed(grant)
{
    private readonly HubName hub = grant.Principal.Hub;
    private readonly Lock gate = new();
    private IDisposable? watch;
    private bool isEnded;

    protected override int MaxHeld => 50;

    public override void OnAttached()
    {
        base.OnAttached();
        var listening = notifications.WatchAvailable(hub, kind, Look);
        lock (gate)
        {
            if (!isEnded)
            {
                watch = listening;
                return;
            }
        }

        listening.Dispose();
    }

    public override void OnClosed()
    {
        lock (gate)
        {
            isEnded = true;
        }

        watch?.Dispose();
        base.OnClosed();
    }

    protected override async Task<QueueItem?> TakeAsync() =>
        await notifications.TakeAsync(hub, kind, CancellationToken.None) is { } taken ? new NotificationItem(hub, kind, taken) : null;

    protected override Task<Result<bool>> SettleAsync(Guid lockToken, Outcome outcome) => outcome switch
    {
        Outcome.Accepted or Outcome.Rejected => notifications.CompleteAsync(hub, kind, lockToken, CancellationToken.None),
        Outcome.Released or Outcome.Modified => notifications.AbandonAsync(hub, kind, lockToken, CancellationToken.None),
        _ => notifications.ReleaseAsync(hub, kind, lockToken, CancellationToken.None),
    };

    protected override Task ReleaseAsync(Guid lockToken) => notifications.ReleaseAsync(hub, kind, lockToken, CancellationToken.None);

    protected override async ValueTask EndAsync(IReadOnlyCollection<Guid> held)
    {
        foreach (var token in held)
        {
            await ReleaseAsync(token);
        }
    }

    protected override void OnFailed(Exception error) => log.NotificationsFailed(error, kind.ToString(), hub.Value);
}
