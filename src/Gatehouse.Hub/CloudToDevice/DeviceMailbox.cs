using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>A session's hold on the queue of its device; it takes over from earlier sessions. Ending it gives back what was taken and not settled, without counting that as a delivery that failed.</summary>
public sealed class DeviceMailbox : IAsyncDisposable
{
    private readonly CloudToDeviceMessages messages;
    private readonly Mailboxes mailboxes;
    private readonly Action onAvailable;
    private readonly Lock gate = new();

    // With the end of each lock: what has run out is the queue's again.
    private readonly Dictionary<Guid, DateTimeOffset> held = [];
    private bool hasTakenOver;
    private bool isClosed;

    internal DeviceMailbox(CloudToDeviceMessages messages, Mailboxes mailboxes, DeviceQueue queue, Action onAvailable)
    {
        (this.messages, this.mailboxes, this.onAvailable) = (messages, mailboxes, onAvailable);
        Queue = queue;
    }

    public DeviceQueue Queue { get; }

    /// <summary>The next message; null when there is none now: <c>onAvailable</c> tells when to ask again. One call at a time.</summary>
    public async Task<LockedMessage?> TakeAsync(CancellationToken cancellationToken)
    {
        if (IsClosed())
        {
            return null;
        }

        if (!hasTakenOver)
        {
            await messages.TakeOverAsync(this, cancellationToken);
            hasTakenOver = true;
        }

        var (message, nextLook) = await messages.TakeAsync(Queue, isSession: true, lockFor: null, cancellationToken);
        if (message is null)
        {
            Watch(nextLook);
            return null;
        }

        lock (gate)
        {
            if (!isClosed)
            {
                ForgetEnded(messages.Now);
                held.Add(message.LockToken, message.LockedUntil);
                return message;
            }
        }

        // Closed while the message was on its way: somebody else shall have it at once.
        await messages.ReleaseAsync(Queue, [message.LockToken], CancellationToken.None);
        return null;
    }

    /// <summary>The device has it: it is gone. DeviceMessageLockLost when the lock has ended.</summary>
    public Task<Result<bool>> CompleteAsync(Guid lockToken, CancellationToken cancellationToken) => SettleAsync(lockToken, messages.CompleteAsync, cancellationToken);

    /// <summary>Not now: it is delivered again, and counted.</summary>
    public Task<Result<bool>> AbandonAsync(Guid lockToken, CancellationToken cancellationToken) => SettleAsync(lockToken, messages.AbandonAsync, cancellationToken);

    /// <summary>Never: it is gone, and its sender may hear of it.</summary>
    public Task<Result<bool>> RejectAsync(Guid lockToken, CancellationToken cancellationToken) => SettleAsync(lockToken, messages.RejectAsync, cancellationToken);

    /// <summary>The device has spoken of the message: from now on no other session takes it over. <see cref="EndSettling"/> once the store has heard of it.</summary>
    public void BeginSettling(Guid lockToken) => mailboxes.BeginSettling(Queue, lockToken);

    /// <summary>For each <see cref="BeginSettling"/>.</summary>
    public void EndSettling(Guid lockToken) => mailboxes.EndSettling(Queue, lockToken);

    /// <summary>Gives one message back without counting: it could not be handed to the device.</summary>
    public Task ReleaseAsync(Guid lockToken, CancellationToken cancellationToken) => Forget(lockToken) ? messages.ReleaseAsync(Queue, [lockToken], cancellationToken) : Task.CompletedTask;

    /// <summary>Asks to be woken at that time.</summary>
    public void LookAt(DateTimeOffset time) => Watch(time.UtcTicks);

    public ValueTask DisposeAsync() => EndAsync(null);

    /// <summary>Ends the hold and gives these alone back: for the others the session has spoken, or will. Null: all that it holds.</summary>
    public async ValueTask EndAsync(IReadOnlyCollection<Guid>? unsettled)
    {
        Guid[] left;
        lock (gate)
        {
            if (isClosed)
            {
                return;
            }

            isClosed = true;
            left = [.. (unsettled ?? held.Keys.ToArray()).Where(held.Remove)];
        }

        mailboxes.Remove(this);
        if (left.Length > 0)
        {
            await messages.ReleaseAsync(Queue, left, CancellationToken.None);
        }
    }

    internal void Wake()
    {
        if (!IsClosed())
        {
            onAvailable();
        }
    }

    private async Task<Result<bool>> SettleAsync(Guid lockToken, Func<DeviceQueue, Guid, CancellationToken, Task<Result<bool>>> settle, CancellationToken cancellationToken)
    {
        // First: a session that ends while the store works must not give back what its device has settled, nor the next one take it over.
        BeginSettling(lockToken);
        try
        {
            Forget(lockToken);
            return await settle(Queue, lockToken, cancellationToken);
        }
        finally
        {
            EndSettling(lockToken);
        }
    }

    private bool Forget(Guid lockToken)
    {
        lock (gate)
        {
            return held.Remove(lockToken);
        }
    }

    private void ForgetEnded(DateTimeOffset now)
    {
        foreach (var (token, until) in held)
        {
            if (until <= now)
            {
                held.Remove(token);
            }
        }
    }

    private void Watch(long? nextLook)
    {
        lock (gate)
        {
            if (nextLook is { } time && !isClosed)
            {
                mailboxes.LookAt(this, time);
            }
        }
    }

    private bool IsClosed()
    {
        lock (gate)
        {
            return isClosed;
        }
    }
}
