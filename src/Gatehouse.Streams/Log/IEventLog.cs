using System.Buffers;

namespace Gatehouse.Streams.Log;

/// <summary>The event log of one hub: partitions that are only appended to, read by sequence number or time.</summary>
/// <remarks>Appends of all connections are gathered and made durable together (group commit). Order per partition is the order of <see cref="TryAppend"/>.</remarks>
public interface IEventLog
{
    /// <summary>Fixed when the log is created; 2–32, default 4.</summary>
    int PartitionCount { get; }

    /// <summary>Queues one record (<paramref name="head"/> followed by <paramref name="body"/>), which is copied before the call returns; allocates nothing in steady state.</summary>
    /// <param name="partition">0 … <see cref="PartitionCount"/> − 1.</param>
    /// <param name="head">Start of the record.</param>
    /// <param name="body">Rest of the record.</param>
    /// <param name="observer">Told once the record is durable, or that it failed.</param>
    /// <param name="state">Handed back to the observer; a packet id, for example.</param>
    /// <returns>False when the bytes that wait for a commit have reached their limit: nothing was queued; await <see cref="WaitForRoomAsync"/>, then try again.</returns>
    bool TryAppend(int partition, ReadOnlySpan<byte> head, in ReadOnlySequence<byte> body, IAppendObserver observer, long state);

    /// <summary>Completes when appends are taken again.</summary>
    /// <exception cref="IOException">Nothing could be stored for <see cref="LogOptions.RoomTimeout"/>; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The log is closed.</exception>
    ValueTask WaitForRoomAsync(CancellationToken cancellationToken);

    /// <summary>First and last event of a partition, from memory.</summary>
    PartitionState GetState(int partition);

    /// <summary>Reads events from <paramref name="fromSequenceNumber"/> on (from the first kept one, if that was trimmed). Empty when there is nothing yet.</summary>
    ValueTask<IReadOnlyList<StoredEvent>> ReadAsync(int partition, long fromSequenceNumber, int maxEvents, CancellationToken cancellationToken);

    /// <summary>Reads what one stored block holds from <paramref name="fromSequenceNumber"/> on: all of it is taken from the store once, and at most one block (<see cref="LogOptions.BlockBytes"/>,
    /// or one larger record) is held. For readers that follow a partition; otherwise like <see cref="ReadAsync"/>.</summary>
    ValueTask<IReadOnlyList<StoredEvent>> ReadBlockAsync(int partition, long fromSequenceNumber, CancellationToken cancellationToken);

    /// <summary>Sequence number of the first event enqueued at or after <paramref name="time"/>; one past the last event when there is none.</summary>
    ValueTask<long> FindAsync(int partition, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Completes when the partition holds an event with a sequence number above <paramref name="sequenceNumber"/>.</summary>
    ValueTask WaitForEventsAsync(int partition, long sequenceNumber, CancellationToken cancellationToken);

    /// <summary>Makes a queue of the partition: from now on retention takes what lies before the number, whatever its age, and nothing from it on. Not kept over a restart.</summary>
    void KeepFrom(int partition, long sequenceNumber);
}

/// <summary>Told about its own appends, in their order per partition, on the log's commit thread: must be quick, must not throw or block.</summary>
public interface IAppendObserver
{
    /// <summary>The record is durable.</summary>
    void OnCommitted(long state);

    /// <summary>The record is not durable and will not be retried; it may or may not be found in the log later.</summary>
    void OnFailed(long state, Exception error);

    /// <summary>All of this observer's records of the present commit have been told: the moment to flush acknowledgements.</summary>
    void OnBatchEnd();
}

/// <summary>A record as it lies in the log.</summary>
/// <param name="SequenceNumber">Starts at 0, no gaps. The offset that clients see is this number as text.</param>
/// <param name="EnqueuedTime">When it was committed; never falls within a partition. UTC, milliseconds.</param>
/// <param name="Record">Head and body as appended. Owned by the caller of the read.</param>
public readonly record struct StoredEvent(long SequenceNumber, DateTimeOffset EnqueuedTime, ReadOnlyMemory<byte> Record);

/// <summary>Ends of a partition.</summary>
/// <param name="FirstSequenceNumber">Oldest event kept; equal to <paramref name="LastSequenceNumber"/> + 1 when empty.</param>
/// <param name="LastSequenceNumber">Newest durable event; −1 when there never was one.</param>
/// <param name="LastEnqueuedTime">Time of the newest event; null when there never was one.</param>
public readonly record struct PartitionState(long FirstSequenceNumber, long LastSequenceNumber, DateTimeOffset? LastEnqueuedTime);

/// <summary>Opens the logs of hubs.</summary>
public interface IEventLogs
{
    /// <summary>Opens or creates the log of a hub; the same instance on every call. <paramref name="partitionCount"/> counts only at creation.</summary>
    ValueTask<IEventLog> OpenAsync(string hub, int partitionCount, CancellationToken cancellationToken);

    /// <summary>The same for a queue: whatever its age, nothing goes before <see cref="IEventLog.KeepFrom"/> says so.</summary>
    ValueTask<IEventLog> OpenQueueAsync(string name, int partitionCount, CancellationToken cancellationToken) => OpenAsync(name, partitionCount, cancellationToken);

    /// <summary>Whether other nodes append to the same logs.</summary>
    bool IsShared => false;

    /// <summary>Why events cannot be stored at present (disk full, broker away), for the readiness probe; null when they can.</summary>
    Exception? Fault => null;
}
