using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Store;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>Messages to devices: each device has a durable queue. What is accepted is delivered at least once, to this device and to no later owner of its name, or its sender can hear why not.</summary>
/// <remarks>Source: IoT Hub "Send cloud-to-device messages" page: the life of a message.</remarks>
public sealed class CloudToDeviceMessages
{
    private readonly Database database;
    private readonly Mailboxes mailboxes;
    private readonly CloudToDeviceOptions options;
    private readonly CloudToDeviceMetrics metrics;
    private readonly TimeProvider time;

    internal CloudToDeviceMessages(Database database, Mailboxes mailboxes, CloudToDeviceOptions options, CloudToDeviceMetrics metrics, TimeProvider time)
    {
        this.database = database;
        this.mailboxes = mailboxes;
        this.options = options;
        this.metrics = metrics;
        this.time = time;
    }

    internal DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Stores a message for the device, durable when the task completes; its sequence number. DeviceNotFound, DeviceMaximumQueueDepthExceeded, MessageTooLarge, ArgumentInvalid.</summary>
    public async Task<Result<long>> SendAsync(HubName hub, DeviceId device, CloudMessage message, CancellationToken cancellationToken)
    {
        if (MessageRules.Check(message, options) is { } refused)
        {
            return refused;
        }

        var content = MessageContent.Encode(message);
        var stored = await database.WriteAsync<long>(
            async (write, token) =>
            {
                if (await DeviceMessageRows.LockDeviceAsync(write, database.Dialect, hub.Value, device.Value, token) is not { } generation)
                {
                    return HubErrors.DeviceNotFound;
                }

                var (queue, now) = (new DeviceQueue(hub, device, generation), time.GetUtcNow());
                var sequence = await DeviceMessageRows.NextAsync(write, queue, token);
                if (await DeviceMessageRows.CountAsync(write.Connection, write.Transaction, queue, now.UtcTicks, token) >= options.MaxQueueDepth)
                {
                    return HubErrors.DeviceMaximumQueueDepthExceeded.With($"{options.MaxQueueDepth} messages wait for the device, the most that may.");
                }

                await DeviceMessageRows.InsertAsync(
                    write,
                    new DeviceMessageRow
                    {
                        Hub = hub.Value,
                        DeviceId = device.Value,
                        GenerationId = generation,
                        Sequence = sequence,
                        MessageId = message.MessageId ?? (message.Acknowledgement == Acknowledgement.None ? null : Guid.NewGuid().ToString()),
                        Ack = (long)message.Acknowledgement,
                        Content = content,
                        Enqueued = now.UtcTicks,
                        Expires = MessageRules.ExpiryOf(message, now, options).UtcTicks,
                    },
                    token);
                SignalAvailable(write, queue);
                return sequence;
            },
            cancellationToken);
        if (stored.IsOk)
        {
            metrics.Sent();
        }

        return stored;
    }

    /// <summary>Removes all messages of the device, those in its hands too; how many there were. DeviceNotFound.</summary>
    public async Task<Result<int>> PurgeAsync(HubName hub, string actor, DeviceId device, CancellationToken cancellationToken)
    {
        var purged = await database.WriteAsync<int>(
            async (write, token) =>
            {
                if (await DeviceMessageRows.LockDeviceAsync(write, database.Dialect, hub.Value, device.Value, token) is not { } generation)
                {
                    return HubErrors.DeviceNotFound;
                }

                var (queue, now) = (new DeviceQueue(hub, device, generation), time.GetUtcNow());
                await DeviceMessageRows.LockAsync(write, database.Dialect, queue, token);
                var rows = await DeviceMessageRows.RemoveAllAsync(write, queue, token);
                foreach (var row in rows)
                {
                    await FeedbackBatches.RecordAsync(write, row, MessageOutcome.Purged, now, token);
                }

                write.Audit(new AuditRecord { Hub = hub.Value, Actor = actor, Action = "device.purgeMessages", Subject = device.Value, Detail = $$"""{"messages":{{rows.Count}}}""" });
                return rows.Count;
            },
            cancellationToken);
        if (purged.IsOk)
        {
            metrics.Ended(MessageOutcome.Purged, purged.Value);
        }

        return purged;
    }

    /// <summary>Messages that wait for the device or are in its hands. DeviceNotFound.</summary>
    public async Task<Result<int>> CountAsync(HubName hub, DeviceId device, CancellationToken cancellationToken) =>
        await database.ReadAsync<Result<int>>(
            async (connection, token) =>
            {
                var row = await Registry.IdentityRows.FindAsync(connection, hub, new IdentityKey(device), token);
                return row is null
                    ? HubErrors.DeviceNotFound
                    : (int)await DeviceMessageRows.CountAsync(connection, null, new DeviceQueue(hub, device, row.GenerationId), time.GetUtcNow().UtcTicks, token);
            },
            cancellationToken);

    /// <summary>A session says that its device takes messages. <paramref name="onAvailable"/> is called when there may be one, from any thread; it must be quick. Ask once without waiting for it.</summary>
    public DeviceMailbox Open(HubName hub, DeviceId device, string generationId, Action onAvailable)
    {
        var mailbox = new DeviceMailbox(this, mailboxes, new DeviceQueue(hub, device, generationId), onAvailable);
        mailboxes.Add(mailbox);
        return mailbox;
    }

    /// <summary>Locks the next message for a device that has no session (HTTPS); null when there is none now.</summary>
    /// <param name="queue">Whose.</param>
    /// <param name="lockFor">How long the device may hold it, 1–300 s; null: as the options say.</param>
    /// <param name="cancellationToken">Ends the wait for the store.</param>
    public async Task<LockedMessage?> ReceiveAsync(DeviceQueue queue, TimeSpan? lockFor, CancellationToken cancellationToken) => (await TakeAsync(queue, isSession: false, lockFor, cancellationToken)).Message;

    /// <summary>The device has it: it is gone. DeviceMessageLockLost.</summary>
    public Task<Result<bool>> CompleteAsync(DeviceQueue queue, Guid lockToken, CancellationToken cancellationToken) =>
        EndAsync(queue, lockToken, MessageOutcome.Success, cancellationToken);

    /// <summary>Never: it is gone, and its sender may hear of it. DeviceMessageLockLost.</summary>
    public Task<Result<bool>> RejectAsync(DeviceQueue queue, Guid lockToken, CancellationToken cancellationToken) =>
        EndAsync(queue, lockToken, MessageOutcome.Rejected, cancellationToken);

    /// <summary>Not now: it is delivered again, unless that was the last time. DeviceMessageLockLost.</summary>
    public async Task<Result<bool>> AbandonAsync(DeviceQueue queue, Guid lockToken, CancellationToken cancellationToken)
    {
        var isOver = false;
        var abandoned = await database.WriteAsync<bool>(
            async (write, token) =>
            {
                var now = time.GetUtcNow();
                if (await DeviceMessageRows.AbandonAsync(write, queue, lockToken, now.UtcTicks, token) is not { } row)
                {
                    return HubErrors.DeviceMessageLockLost;
                }

                isOver = row.DeliveryCount >= options.MaxDeliveryCount;
                if (isOver)
                {
                    await DeviceMessageRows.RemoveAsync(write, row, token);
                    await FeedbackBatches.RecordAsync(write, row, MessageOutcome.DeliveryCountExceeded, now, token);
                }
                else
                {
                    SignalAvailable(write, queue);
                }

                return true;
            },
            cancellationToken);
        if (isOver && abandoned.IsOk)
        {
            metrics.Ended(MessageOutcome.DeliveryCountExceeded, 1);
        }

        return abandoned;
    }

    /// <summary>The next message, or when a held one may come free: null for none at all.</summary>
    internal async Task<(LockedMessage? Message, long? NextLook)> TakeAsync(DeviceQueue queue, bool isSession, TimeSpan? lockFor, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Most devices have nothing waiting: a read tells, and no write is begun.
            var now = time.GetUtcNow();
            var look = await database.ReadAsync((connection, token) => DeviceMessageRows.NextLookAsync(connection, queue, now.UtcTicks, token), cancellationToken);
            if (look is null || look > now.UtcTicks)
            {
                return (null, look);
            }

            var (lockToken, until) = (isSession ? LockTokens.OfSession() : LockTokens.OfPoll(now), now + (lockFor ?? options.LockDuration));
            var taken = await database.WriteAsync(
                async (write, token) => Result<DeviceMessageRow?>.Of(await DeviceMessageRows.TakeAsync(write, database.Dialect, queue, now.UtcTicks, lockToken, until.UtcTicks, token)),
                cancellationToken);
            if (taken.Value is { } row)
            {
                metrics.Delivered();
                return (Show(row, lockToken, until), null);
            }
        }
    }

    /// <summary>A new session of the device is here: what its earlier ones held is the queue's again, whether they gave it back or died with their server. What a poll holds stays held.</summary>
    internal async Task TakeOverAsync(DeviceMailbox mailbox, CancellationToken cancellationToken)
    {
        var queue = mailbox.Queue;

        // Most devices have nothing waiting: a read tells, and no write is begun.
        var now = time.GetUtcNow().UtcTicks;
        if (await database.ReadAsync((connection, token) => DeviceMessageRows.NextLookAsync(connection, queue, now, token), cancellationToken) is not null)
        {
            await database.WriteAsync<bool>(
                async (write, token) =>
                {
                    await DeviceMessageRows.LockAsync(write, database.Dialect, queue, token);

                    // Asked when the store's turn comes: what a newer session holds by then is not taken from it.
                    if (mailboxes.IsNewest(mailbox))
                    {
                        await DeviceMessageRows.ReleaseSessionsAsync(write, database.Dialect, queue, now, mailboxes.Settling(queue), token);
                    }

                    return true;
                },
                cancellationToken);
        }
    }

    /// <summary>Gives messages back without counting.</summary>
    internal Task ReleaseAsync(DeviceQueue queue, IReadOnlyCollection<Guid> lockTokens, CancellationToken cancellationToken) => database.WriteAsync<bool>(
        async (write, token) =>
        {
            await DeviceMessageRows.LockAsync(write, database.Dialect, queue, token);
            if (await DeviceMessageRows.ReleaseAsync(write, queue, lockTokens, token) > 0)
            {
                SignalAvailable(write, queue);
            }

            return true;
        },
        cancellationToken);

    private async Task<Result<bool>> EndAsync(DeviceQueue queue, Guid lockToken, MessageOutcome outcome, CancellationToken cancellationToken)
    {
        var ended = await database.WriteAsync<bool>(
            async (write, token) =>
            {
                var now = time.GetUtcNow();
                if (await DeviceMessageRows.RemoveHeldAsync(write, queue, lockToken, now.UtcTicks, token) is not { } row)
                {
                    return HubErrors.DeviceMessageLockLost;
                }

                await FeedbackBatches.RecordAsync(write, row, outcome, now, token);
                return true;
            },
            cancellationToken);
        if (ended.IsOk)
        {
            metrics.Ended(outcome, 1);
        }

        return ended;
    }

    private static void SignalAvailable(WriteTransaction write, DeviceQueue queue) =>
        write.Signal(new Signal(SignalSubjects.DeviceMessageAvailable, queue.Hub.Value, queue.Device.Value));

    private static LockedMessage Show(DeviceMessageRow row, Guid lockToken, DateTimeOffset until) => new()
    {
        LockToken = lockToken,
        LockedUntil = until,
        SequenceNumber = row.Sequence,
        EnqueuedTime = new DateTimeOffset(row.Enqueued, TimeSpan.Zero),
        DeliveryCount = (int)row.DeliveryCount,
        Message = MessageContent.Decode(row.Content, row.Acknowledgement),
    };
}
