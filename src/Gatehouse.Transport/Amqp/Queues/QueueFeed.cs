using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Queues;

/// <summary>
/// Feeds a link from a queue whose messages are locked for it until the peer has said what became of them. Works only when something happened: credit, an outcome,
/// a message in the queue (<see cref="Look"/>); an idle link costs no task.
/// </summary>
/// <remarks>
/// The delivery tag is the lock token as 16 bytes in .NET's order: the C# SDK makes a Guid of it. A receiver that settles second is answered <c>accepted</c> for whatever
/// it said, or the SDK takes it for a failure. Source: device-plane §2.6, service-plane §7.3 of the wire reference.
/// </remarks>
public abstract class QueueFeed(IGrant grant) : OutgoingHandler
{
    private readonly Lock gate = new();
    private readonly Dictionary<uint, Guid> sent = [];
    private QueueItem? waiting;
    private IDisposable? granted;
    private int asked;
    private volatile bool isClosed;

    /// <summary>Messages that the peer may hold. At most that many are locked for it, whatever credit it gives.</summary>
    protected abstract int MaxHeld { get; }

    /// <summary>There may be something in the queue. From any thread.</summary>
    public void Look()
    {
        if (Interlocked.Increment(ref asked) == 1)
        {
            _ = Task.Run(RunAsync);
        }
    }

    public override void OnAttached()
    {
        // Outside the gate: a right that has ended already is told at once, and the link closes.
        var watch = grant.WhenEnded(error => Link.Detach(AmqpErrors.From(error)));
        lock (gate)
        {
            if (!isClosed)
            {
                granted = watch;
                return;
            }
        }

        watch.Dispose();
    }

    public sealed override void OnCredit() => Look();

    public sealed override void OnOutcome(uint deliveryId, Outcome outcome, bool isSettled)
    {
        if (!isSettled && outcome is Outcome.None or Outcome.Other or Outcome.Received)
        {
            // Not its last word.
            return;
        }

        Guid token;
        bool wasFull;
        lock (gate)
        {
            wasFull = sent.Count >= MaxHeld;
            if (!sent.Remove(deliveryId, out token))
            {
                return;
            }
        }

        _ = SettleAsync(deliveryId, token, outcome, isSettled);
        if (wasFull)
        {
            Look();
        }
    }

    public override void OnClosed()
    {
        Guid[] left;
        lock (gate)
        {
            isClosed = true;
            granted?.Dispose();
            left = [.. sent.Values];
            sent.Clear();
        }

        _ = CloseAsync(left);
    }

    /// <summary>Locks the next message; null when there is none. One call at a time.</summary>
    protected abstract Task<QueueItem?> TakeAsync();

    /// <summary>The peer has spoken of the message, before anything that comes after it is looked at; <see cref="SettleAsync(Guid, Outcome)"/> follows, on another thread.</summary>
    protected virtual void OnSpoken(Guid lockToken)
    {
    }

    /// <summary>What the peer said: accepted completes, rejected is never delivered again, released and modified come again and count, none (it settled without a word) comes again.</summary>
    protected abstract Task<Result<bool>> SettleAsync(Guid lockToken, Outcome outcome);

    /// <summary>Gives a message back without counting it.</summary>
    protected abstract Task ReleaseAsync(Guid lockToken);

    /// <summary>The link is gone: gives back what the peer held, without counting it.</summary>
    protected abstract ValueTask EndAsync(IReadOnlyCollection<Guid> held);

    /// <summary>The queue could not be reached: for the log. The link is detached.</summary>
    protected abstract void OnFailed(Exception error);

    private async Task RunAsync()
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref asked);
            try
            {
                await FeedAsync();
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                Fail(error);
            }
        }
        while (Interlocked.Add(ref asked, -seen) != 0);
    }

    private async Task FeedAsync()
    {
        while (!isClosed)
        {
            if (waiting is null)
            {
                if (!Link.HasCredit)
                {
                    return;
                }

                if (IsFull() || (waiting = await TakeAsync()) is null)
                {
                    Link.CompleteDrain();
                    return;
                }
            }

            // Without window it stays with us until the peer gives some; the lock runs meanwhile, as it would in the peer's hands.
            if (!isClosed && !TrySend(waiting))
            {
                if (Link.HasCredit)
                {
                    return;
                }

                // The credit was taken back: somebody else may have it.
                await ReleaseWaitingAsync();
            }
        }

        await ReleaseWaitingAsync();
    }

    private async Task ReleaseWaitingAsync()
    {
        if (waiting is { } unsent)
        {
            waiting = null;
            await ReleaseAsync(unsent.LockToken);
        }
    }

    private bool TrySend(QueueItem item)
    {
        Span<byte> tag = stackalloc byte[16];
        item.LockToken.TryWriteBytes(tag);
        var message = new AmqpBuffer();
        try
        {
            item.Write(new AmqpWriter(message));
            lock (gate)
            {
                if (isClosed || !Link.TrySend(tag, 0, message.Written, settled: false, out var deliveryId))
                {
                    return isClosed;
                }

                waiting = null;
                if (Link.SenderSettleMode != 1)
                {
                    sent[deliveryId] = item.LockToken;
                    Link.FlushSoon();
                    return true;
                }
            }
        }
        finally
        {
            message.Release();
        }

        // The peer wants it settled: what is sent is done.
        Link.FlushSoon();
        _ = SettleAsync(0, item.LockToken, Outcome.Accepted, isSettled: true);
        return true;
    }

    private async Task SettleAsync(uint deliveryId, Guid token, Outcome outcome, bool isSettled)
    {
        Result<bool> settled;
        try
        {
            OnSpoken(token);

            // The engine's thread is not ours to wait for the store on.
            await Task.Yield();
            settled = await SettleAsync(token, outcome);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Fail(error);
            return;
        }

        if (!isSettled)
        {
            if (settled.IsOk)
            {
                Link.Settle(deliveryId, Outcome.Accepted);
            }
            else
            {
                Link.Settle(deliveryId, Outcome.Rejected, AmqpErrors.From(settled.Error));
            }
        }
    }

    private async Task CloseAsync(Guid[] left)
    {
        try
        {
            await Task.Yield();
            await EndAsync(left);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // The locks run out.
            OnFailed(error);
        }

        // What was taken and not sent is given back by the loop, which may be in the middle of it.
        Look();
    }

    private bool IsFull()
    {
        lock (gate)
        {
            return sent.Count >= MaxHeld;
        }
    }

    private void Fail(Exception error)
    {
        OnFailed(error);
        Link.Detach(AmqpErrors.From(HubErrors.ServerError));
    }
}
