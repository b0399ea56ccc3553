using System.IO.Pipelines;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Connections;

/// <summary>Frames of one connection on their way out. Frames are added under the connection's gate; at most one write runs at a time; nobody waits for a slow reader.</summary>
internal sealed class AmqpOutput(ClientConnection connection, Lock gate, AmqpOptions options) : IThreadPoolWorkItem
{
    private readonly PipeWriter output = connection.Output;
    private AmqpBuffer waiting = new();
    private AmqpBuffer leaving = new();
    private bool isFlushing;
    private bool isScheduled;
    private bool isClosed;
    private bool hasFailed;
    private TaskCompletionSource? atRest;
    private TaskCompletionSource? room;
    private TaskCompletionSource? drained;

    /// <summary>Called outside the gate when there is room again after <see cref="IsFull"/> was true.</summary>
    internal required Action OnRoom { get; init; }

    /// <summary>Where frames are written; hold the gate.</summary>
    internal AmqpBuffer Buffer => waiting;

    /// <summary>Frames were added since <see cref="TakeActivity"/> was last asked; hold the gate.</summary>
    private bool HasActivity { get; set; }

    /// <summary>More than the high-water mark waits: add only what cannot be left out. Hold the gate.</summary>
    internal bool IsFull => waiting.Length + leaving.Length > options.HighWaterBytes;

    /// <summary>After frames were added; hold the gate. Cuts a peer that leaves too much unread.</summary>
    internal void Added()
    {
        HasActivity = true;
        if (waiting.Length + leaving.Length > options.MaxWaitingBytes)
        {
            connection.Abort("the client does not read what is sent to it");
        }
    }

    /// <summary>Whether anything was sent since the last call; hold the gate.</summary>
    internal bool TakeActivity()
    {
        var had = HasActivity;
        HasActivity = false;
        return had;
    }

    /// <summary>Writes on a pool thread: encryption is not the caller's work.</summary>
    internal void ScheduleFlush()
    {
        lock (gate)
        {
            if (isScheduled || isFlushing || waiting.Length == 0)
            {
                return;
            }

            isScheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Writes what waits; what is added meanwhile goes with the next write, which follows by itself.</summary>
    internal void Flush()
    {
        while (TryBegin(out var write))
        {
            if (!write.IsCompleted)
            {
                _ = FinishAsync(write);
                return;
            }

            if (!End(write))
            {
                return;
            }
        }
    }

    /// <summary>Completes when less than the high-water mark waits.</summary>
    internal Task WaitForRoomAsync()
    {
        lock (gate)
        {
            return IsFull ? (room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    /// <summary>Completes when all that was added is with the connection.</summary>
    internal Task DrainAsync()
    {
        Flush();
        lock (gate)
        {
            return hasFailed || (!isFlushing && waiting.Length == 0)
                ? Task.CompletedTask
                : (drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Nothing is written any more once this completes: the connection's pipes and its TLS stream must not be ended under a write.</summary>
    internal Task CloseAsync()
    {
        lock (gate)
        {
            isClosed = true;
            return isFlushing && !hasFailed ? (atRest ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    void IThreadPoolWorkItem.Execute() => Flush();

    private bool TryBegin(out ValueTask<FlushResult> write)
    {
        lock (gate)
        {
            write = default;
            isScheduled = false;
            if (isFlushing || isClosed)
            {
                return false;
            }

            if (waiting.Length == 0)
            {
                waiting.Release();
                drained?.TrySetResult();
                drained = null;
                return false;
            }

            isFlushing = true;
            (waiting, leaving) = (leaving, waiting);
        }

        try
        {
            write = output.WriteAsync(leaving.WrittenMemory);
            return true;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // An outcome may come after the connection has ended; on this pool thread nobody else would catch it.
            Fail();
            return false;
        }
    }

    private async Task FinishAsync(ValueTask<FlushResult> write)
    {
        try
        {
            await write;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Fail();
            return;
        }

        Left();
        Flush();
    }

    private bool End(ValueTask<FlushResult> write)
    {
        try
        {
            write.GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Fail();
            return false;
        }

        Left();
        return true;
    }

    private void Left()
    {
        bool wasFull;
        lock (gate)
        {
            wasFull = IsFull;
            leaving.Release();
            isFlushing = false;
            atRest?.TrySetResult();
            wasFull &= !IsFull;
            if (wasFull)
            {
                room?.TrySetResult();
                room = null;
            }
        }

        if (wasFull)
        {
            OnRoom();
        }
    }

    // The connection is gone; isFlushing stays set, so that nothing is written any more.
    private void Fail()
    {
        lock (gate)
        {
            hasFailed = true;
            atRest?.TrySetResult();
            room?.TrySetResult();
            room = null;
            drained?.TrySetResult();
            drained = null;
        }

        connection.Abort("the connection was lost while frames were written");
    }
}
