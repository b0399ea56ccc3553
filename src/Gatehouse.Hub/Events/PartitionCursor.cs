using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Events;

/// <summary>How far a stream has read one partition.</summary>
internal sealed class PartitionCursor(int partition, long next)
{
    private Task? waiting;

    // End of the log when it last had events that a read did not give (trimmed under the reader's feet): waiting for what is there already would spin.
    private long passedOver = -1;

    internal int Partition { get; } = partition;

    /// <summary>Sequence number to be read next.</summary>
    internal long Next { get; private set; } = next;

    internal ValueTask<IReadOnlyList<StoredEvent>> ReadAsync(IEventLog log, int maxEvents, CancellationToken cancellationToken)
    {
        var last = log.GetState(Partition).LastSequenceNumber;
        return last < Next ? new([]) : TakeAsync(log.ReadAsync(Partition, Next, maxEvents, cancellationToken), last);
    }

    /// <summary>The rest of one block of the log.</summary>
    internal ValueTask<IReadOnlyList<StoredEvent>> ReadBlockAsync(IEventLog log, CancellationToken cancellationToken)
    {
        var last = log.GetState(Partition).LastSequenceNumber;
        return last < Next ? new([]) : TakeAsync(log.ReadBlockAsync(Partition, Next, cancellationToken), last);
    }

    /// <summary>Completes when there is something to read. The wait is kept over calls: most rounds one partition wakes and the others go on waiting.</summary>
    internal Task WaitAsync(IEventLog log, CancellationToken cancellationToken)
    {
        if (waiting is null || waiting.IsCompleted)
        {
            waiting = log.WaitForEventsAsync(Partition, Math.Max(Next - 1, passedOver), cancellationToken).AsTask();
        }

        return waiting;
    }

    private async ValueTask<IReadOnlyList<StoredEvent>> TakeAsync(ValueTask<IReadOnlyList<StoredEvent>> read, long last)
    {
        var events = await read;
        if (events.Count > 0)
        {
            Next = events[^1].SequenceNumber + 1;
        }
        else
        {
            passedOver = last;
        }

        return events;
    }
}
