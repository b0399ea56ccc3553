namespace Gatehouse.Transport.Amqp.Connections;

/// <summary>What a peer can make grow on one connection, counted; and the waits for less of it. Guarded by the connection's gate.</summary>
internal sealed class ConnectionBounds(Lock gate, AmqpOptions options)
{
    private TaskCompletionSource? lessHeld;
    private TaskCompletionSource? lessPending;
    private TaskCompletionSource? allSettled;
    private int heldBytes;
    private int pendingAttaches;
    private int unsettled;

    /// <summary>Links attached now.</summary>
    internal int Links { get; private set; }

    /// <summary>Handles in use: attached links, those that a door decides about, and those whose detach the peer has not answered.</summary>
    internal int Handles { get; private set; }

    /// <summary>More bytes are kept than the connection may keep.</summary>
    internal bool IsFull => Volatile.Read(ref heldBytes) > options.MaxHeldBytes;

    /// <summary>Nothing more should be read for now.</summary>
    internal bool MustPause => IsFull || Volatile.Read(ref pendingAttaches) >= options.MaxPendingAttaches;

    /// <summary>A link was attached or has gone. Hold the gate.</summary>
    internal void CountLink(int change) => Links += change;

    /// <summary>Handles were taken or are free. Hold the gate.</summary>
    internal void CountHandle(int change) => Handles += change;

    /// <summary>Counts bytes of unfinished and postponed messages. Hold the gate. True when there is room again that was not there before.</summary>
    internal bool Hold(int bytes)
    {
        var wasFull = IsFull;
        heldBytes += bytes;
        if (!wasFull || IsFull)
        {
            return false;
        }

        lessHeld?.TrySetResult();
        lessHeld = null;
        return true;
    }

    /// <summary>Counts messages of the peer that wait for their outcome. Hold the gate.</summary>
    internal void CountUnsettled(int change)
    {
        unsettled += change;
        if (unsettled == 0)
        {
            allSettled?.TrySetResult();
        }
    }

    internal void CountPending(int change)
    {
        lock (gate)
        {
            pendingAttaches += change;
            if (change < 0 && pendingAttaches < options.MaxPendingAttaches)
            {
                lessPending?.TrySetResult();
                lessPending = null;
            }
        }
    }

    /// <summary>Completes when reading may go on.</summary>
    internal Task WhenLessAsync()
    {
        lock (gate)
        {
            var held = IsFull ? (lessHeld ??= New()).Task : Task.CompletedTask;
            var pending = pendingAttaches >= options.MaxPendingAttaches ? (lessPending ??= New()).Task : Task.CompletedTask;
            return held.IsCompleted ? pending : pending.IsCompleted ? held : Task.WhenAll(held, pending);
        }
    }

    /// <summary>Completes when every message of the peer has its outcome.</summary>
    internal Task WhenSettledAsync()
    {
        lock (gate)
        {
            return unsettled == 0 ? Task.CompletedTask : (allSettled ??= New()).Task;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
