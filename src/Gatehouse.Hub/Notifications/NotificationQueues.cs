using System.Collections.Concurrent;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Store;

namespace Gatehouse.Hub.Notifications;

/// <summary>Durable queues of what back ends are told. Several receivers share a queue: each notification goes to one of them, and to another when that one does not complete it.</summary>
public sealed class NotificationQueues : IDisposable
{
    private readonly Database database;
    private readonly TimeProvider time;
    private readonly NotificationOptions feedback;
    private readonly Func<HubName, CancellationToken, ValueTask<NotificationOptions>> fileNotifications;
    private readonly ConcurrentDictionary<Watch, long> watches = new();
    private readonly IDisposable subscription;

    /// <param name="database">Where they lie.</param>
    /// <param name="signals">Wake receivers.</param>
    /// <param name="feedback">Life of feedback.</param>
    /// <param name="fileNotifications">Life of file notifications, a property of each hub.</param>
    /// <param name="time">Clock.</param>
    internal NotificationQueues(
        Database database, ISignals signals, NotificationOptions feedback, Func<HubName, CancellationToken, ValueTask<NotificationOptions>> fileNotifications, TimeProvider time)
    {
        (this.database, this.feedback, this.fileNotifications, this.time) = (database, feedback, fileNotifications, time);
        subscription = signals.Subscribe(SignalSubjects.NotificationAvailable, OnAvailable);
    }

    /// <summary>The next notification, locked; null when there is none now.</summary>
    public async Task<LockedNotification?> TakeAsync(HubName hub, NotificationKind kind, CancellationToken cancellationToken)
    {
        while (true)
        {
            var now = time.GetUtcNow();
            var look = await database.ReadAsync((connection, token) => NotificationRows.NextLookAsync(connection, hub, kind, now.UtcTicks, token), cancellationToken);
            if (look is null || look > now.UtcTicks)
            {
                LookAgain(hub, kind, look);
                return null;
            }

            var (lockToken, until) = (Guid.NewGuid(), now + (await LifeAsync(hub, kind, cancellationToken)).LockDuration);
            var taken = await database.WriteAsync(
                async (write, token) => Result<NotificationRow?>.Of(await NotificationRows.TakeAsync(write, database.Dialect, hub, kind, now.UtcTicks, lockToken, until.UtcTicks, token)),
                cancellationToken);
            if (taken.Value is { } row)
            {
                return new LockedNotification
                {
                    LockToken = lockToken,
                    SequenceNumber = row.Sequence,
                    EnqueuedTime = new DateTimeOffset(row.Enqueued, TimeSpan.Zero),
                    DeliveryCount = (int)row.DeliveryCount,
                    Body = row.Body,
                };
            }
        }
    }

    /// <summary>The receiver has it (or wants it no more): it is gone. DeviceMessageLockLost when the lock has ended.</summary>
    public Task<Result<bool>> CompleteAsync(HubName hub, NotificationKind kind, Guid lockToken, CancellationToken cancellationToken) => database.WriteAsync<bool>(
        async (write, token) => await NotificationRows.RemoveHeldAsync(write, hub, kind, lockToken, time.GetUtcNow().UtcTicks, token) is null ? HubErrors.DeviceMessageLockLost : true,
        cancellationToken);

    /// <summary>Not now: it is delivered again, unless that was the last time. DeviceMessageLockLost.</summary>
    public Task<Result<bool>> AbandonAsync(HubName hub, NotificationKind kind, Guid lockToken, CancellationToken cancellationToken) =>
        PutBackAsync(hub, kind, lockToken, isCounted: true, cancellationToken);

    /// <summary>Gives it back without counting: its receiver is gone.</summary>
    public Task<Result<bool>> ReleaseAsync(HubName hub, NotificationKind kind, Guid lockToken, CancellationToken cancellationToken) =>
        PutBackAsync(hub, kind, lockToken, isCounted: false, cancellationToken);

    /// <summary>Calls <paramref name="onAvailable"/> when there may be a notification, from any thread, until disposed; it must be quick. Ask once without waiting for it.</summary>
    public IDisposable WatchAvailable(HubName hub, NotificationKind kind, Action onAvailable)
    {
        var watch = new Watch(this, hub, kind, onAvailable);
        watches[watch] = long.MaxValue;
        return watch;
    }

    public void Dispose() => subscription.Dispose();

    /// <summary>Adds one in a transaction of another feature.</summary>
    internal async Task PutAsync(WriteTransaction write, HubName hub, NotificationKind kind, byte[] body, NotificationOptions life, CancellationToken cancellationToken) =>
        await PutAsync(write, hub, kind, await NotificationRows.NextAsync(write, hub, kind, cancellationToken), body, life, cancellationToken);

    /// <summary>Adds feedback whose number is known.</summary>
    internal Task PutFeedbackAsync(WriteTransaction write, HubName hub, long sequence, byte[] body, CancellationToken cancellationToken) =>
        PutAsync(write, hub, NotificationKind.Feedback, sequence, body, feedback, cancellationToken);

    private async Task PutAsync(WriteTransaction write, HubName hub, NotificationKind kind, long sequence, byte[] body, NotificationOptions life, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await NotificationRows.InsertAsync(
            write,
            new NotificationRow
            {
                Hub = hub.Value,
                Kind = (long)kind,
                Sequence = sequence,
                Body = body,
                Enqueued = now.UtcTicks,
                Expires = (now + life.TimeToLive).UtcTicks,
            },
            cancellationToken);
        SignalAvailable(write, hub, kind);
    }

    /// <summary>Wakes receivers whose time has come and removes what has expired.</summary>
    internal async Task UpkeepAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcTicks;
        foreach (var watch in watches)
        {
            if (watch.Value <= now && watches.TryUpdate(watch.Key, long.MaxValue, watch.Value))
            {
                watch.Key.OnAvailable();
            }
        }

        if (await database.ReadAsync((connection, token) => NotificationRows.HasExpiredAsync(connection, now, token), cancellationToken))
        {
            await database.WriteAsync<int>(async (write, token) => await NotificationRows.RemoveExpiredAsync(write, now, token), cancellationToken);
        }
    }

    private async Task<Result<bool>> PutBackAsync(HubName hub, NotificationKind kind, Guid lockToken, bool isCounted, CancellationToken cancellationToken)
    {
        var life = await LifeAsync(hub, kind, cancellationToken);
        return await database.WriteAsync<bool>(
            async (write, token) =>
            {
                if (await NotificationRows.PutBackAsync(write, hub, kind, lockToken, time.GetUtcNow().UtcTicks, isCounted ? 1 : 0, token) is not { } row)
                {
                    return HubErrors.DeviceMessageLockLost;
                }

                if (isCounted && row.DeliveryCount >= life.MaxDeliveryCount)
                {
                    await NotificationRows.RemoveAsync(write, row, token);
                }
                else
                {
                    SignalAvailable(write, hub, kind);
                }

                return true;
            },
            cancellationToken);
    }

    private ValueTask<NotificationOptions> LifeAsync(HubName hub, NotificationKind kind, CancellationToken cancellationToken) =>
        kind == NotificationKind.Feedback ? ValueTask.FromResult(feedback) : fileNotifications(hub, cancellationToken);

    private static void SignalAvailable(WriteTransaction write, HubName hub, NotificationKind kind) =>
        write.Signal(new Signal(SignalSubjects.NotificationAvailable, hub.Value, kind.ToString()));

    // The lock of a notification that somebody else holds will end then.
    private void LookAgain(HubName hub, NotificationKind kind, long? look)
    {
        foreach (var watch in watches)
        {
            if (look is { } when && watch.Key.Is(hub, kind) && when < watch.Value)
            {
                watches.TryUpdate(watch.Key, when, watch.Value);
            }
        }
    }

    private void OnAvailable(Signal signal)
    {
        foreach (var (watch, _) in watches)
        {
            if (watch.Hub.Value == signal.Hub && (signal.Key.Length == 0 || watch.Kind.ToString() == signal.Key))
            {
                watch.OnAvailable();
            }
        }
    }

    private sealed class Watch(NotificationQueues owner, HubName hub, NotificationKind kind, Action onAvailable) : IDisposable
    {
        internal HubName Hub => hub;

        internal NotificationKind Kind => kind;

        internal Action OnAvailable => onAvailable;

        internal bool Is(HubName otherHub, NotificationKind otherKind) => hub == otherHub && kind == otherKind;

        public void Dispose() => owner.watches.TryRemove(this, out _);
    }
}
