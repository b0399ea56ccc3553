using System.IO.Pipelines;
using Gatehouse.Transport;
using Gatehouse.Wire.Mqtt;

namespace Gatehouse.Gateway.Mqtt;

/// <summary>The server's packets of one connection. Any thread adds; at most one flush runs at a time; nobody waits for a slow reader.</summary>
internal sealed class PacketSender(ClientConnection connection, int maxBytes) : IThreadPoolWorkItem
{
    // Of the buffer after a flush: a session that was sent something large once must not hold its size for good.
    private const int LargestKept = 16 * 1024;

    private readonly Lock gate = new();
    private readonly PipeWriter output = connection.Output;
    private byte[] pending = [];
    private int count;
    private bool isFlushing;
    private bool isScheduled;
    private bool hasFailed;
    private TaskCompletionSource? drained;

    /// <summary>Whether nothing that was added reaches the client any more.</summary>
    internal bool HasFailed
    {
        get
        {
            lock (gate)
            {
                return hasFailed;
            }
        }
    }

    /// <summary>Queues a packet for the next flush. A client that leaves too much unread is cut.</summary>
    internal void Add(ReadOnlySpan<byte> packet)
    {
        lock (gate)
        {
            if (hasFailed)
            {
                return;
            }

            if (count + packet.Length <= maxBytes)
            {
                MakeRoom(count + packet.Length);
                packet.CopyTo(pending.AsSpan(count));
                count += packet.Length;
                return;
            }
        }

        connection.Abort("the client does not read what it is sent");
    }

    /// <summary>Queues a PUBLISH, unless too much waits already: half the room stays for acknowledgements, and for what is urgent. True when the connection is gone: nobody shall try again.</summary>
    internal bool TryPublish(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, ushort packetId = 0, bool isUrgent = false)
    {
        var most = MqttWriter.PublishHeadBytes(topic.Length) + payload.Length;
        lock (gate)
        {
            if (hasFailed)
            {
                return true;
            }

            if (count > 0 && count + most > (isUrgent ? maxBytes : maxBytes / 2))
            {
                return false;
            }

            MakeRoom(count + most);
            count += MqttWriter.WritePublishHead(pending.AsSpan(count), topic, packetId, payload.Length);
            payload.CopyTo(pending.AsSpan(count));
            count += payload.Length;
            return true;
        }
    }

    /// <summary>Flushes on a pool thread: encryption is not the caller's work.</summary>
    internal void ScheduleFlush()
    {
        lock (gate)
        {
            if (isScheduled || isFlushing)
            {
                return;
            }

            isScheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Writes what is queued; packets added while a flush runs go with the next one, which follows by itself.</summary>
    internal void Flush()
    {
        while (TryBegin(out var flush))
        {
            if (!flush.IsCompleted)
            {
                _ = FinishAsync(flush);
                return;
            }

            if (!End(flush))
            {
                return;
            }
        }
    }

    /// <summary>Completes when all that was added has been handed to the connection.</summary>
    internal Task DrainAsync()
    {
        Flush();
        lock (gate)
        {
            if (hasFailed || (!isFlushing && count == 0))
            {
                return Task.CompletedTask;
            }

            return (drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    void IThreadPoolWorkItem.Execute() => Flush();

    private bool TryBegin(out ValueTask<FlushResult> flush)
    {
        lock (gate)
        {
            flush = default;
            isScheduled = false;
            if (isFlushing)
            {
                return false;
            }

            if (count == 0)
            {
                drained?.TrySetResult();
                drained = null;
                return false;
            }

            isFlushing = true;
        }

        try
        {
            flush = WriteAsync();
            return true;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // A commit's acknowledgements may come after the connection has ended; on this pool thread nobody else would catch it.
            Fail();
            return false;
        }
    }

    private ValueTask<FlushResult> WriteAsync()
    {
        lock (gate)
        {
            pending.AsSpan(0, count).CopyTo(output.GetSpan(count));
            output.Advance(count);
            count = 0;
            if (pending.Length > LargestKept)
            {
                pending = [];
            }
        }

        return output.FlushAsync();
    }

    private async Task FinishAsync(ValueTask<FlushResult> flush)
    {
        FlushResult flushed;
        try
        {
            flushed = await flush;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Fail();
            return;
        }

        if (Finish(flushed))
        {
            Flush();
        }
    }

    private bool End(ValueTask<FlushResult> flush)
    {
        FlushResult flushed;
        try
        {
            flushed = flush.GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Fail();
            return false;
        }

        return Finish(flushed);
    }

    // Nobody reads any more, or the wait was given up: what was written did not arrive.
    private bool Finish(FlushResult flushed)
    {
        if (flushed.IsCompleted || flushed.IsCanceled)
        {
            Fail();
            return false;
        }

        lock (gate)
        {
            isFlushing = false;
        }

        return true;
    }

    // The connection is gone; isFlushing stays set, so that nothing is written any more.
    private void Fail()
    {
        lock (gate)
        {
            hasFailed = true;
            count = 0;
            drained?.TrySetResult();
            drained = null;
        }

        connection.Abort("the connection was lost while packets were written");
    }

    private void MakeRoom(int needed)
    {
        if (pending.Length < needed)
        {
            Array.Resize(ref pending, Math.Max(needed, Math.Min(maxBytes, Math.Max(64, pending.Length * 2))));
        }
    }
}
