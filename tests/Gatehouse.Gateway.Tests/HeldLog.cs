using System.Buffers;
using Gatehouse.Streams.Log;

namespace Gatehouse.Gateway.Tests;

/// <summary>An event log that makes nothing durable until it is told to.</summary>
internal sealed class HeldLog : IEventLogs, IEventLog
{
    private readonly Lock gate = new();
    private readonly List<Entry> pending = [];
    private readonly List<(int Partition, byte[] Record)> stored = [];
    private TaskCompletionSource room = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int PartitionCount => 4;

    /// <summary>Commits at once, as if every append were a batch of its own.</summary>
    internal bool IsOpen { get; set; }

    /// <summary>Records that fit before the log says that it is full.</summary>
    internal int Room { get; set; } = int.MaxValue;

    internal int PendingCount
    {
        get
        {
            lock (gate)
            {
                return pending.Count;
            }
        }
    }

    internal IReadOnlyList<byte[]> Stored
    {
        get
        {
            lock (gate)
            {
                return [.. stored.Select(entry => entry.Record)];
            }
        }
    }

    public void KeepFrom(int partition, long sequenceNumber) => throw new NotSupportedException();

    public ValueTask<IEventLog> OpenAsync(string hub, int partitionCount, CancellationToken cancellationToken) => ValueTask.FromResult<IEventLog>(this);

    public bool TryAppend(int partition, ReadOnlySpan<byte> head, in ReadOnlySequence<byte> body, IAppendObserver observer, long state)
    {
        lock (gate)
        {
            if (pending.Count >= Room)
            {
                return false;
            }

            pending.Add(new Entry(partition, [.. head, .. body.ToArray()], observer, state));
        }

        if (IsOpen)
        {
            Commit();
        }

        return true;
    }

    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        // Before the look: a commit after it completes the task that is waited for.
        var next = Volatile.Read(ref room).Task;
        return PendingCount < Room ? ValueTask.CompletedTask : new(next.WaitAsync(cancellationToken));
    }

    internal void Commit() => Tell(static (entry, _) => entry.Observer.OnCommitted(entry.State), null);

    internal void Fail(Exception error) => Tell(static (entry, why) => entry.Observer.OnFailed(entry.State, why!), error);

    public PartitionState GetState(int partition) => new(0, -1, null);

    public ValueTask<IReadOnlyList<StoredEvent>> ReadAsync(int partition, long fromSequenceNumber, int maxEvents, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<StoredEvent>> ReadBlockAsync(int partition, long fromSequenceNumber, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<long> FindAsync(int partition, DateTimeOffset time, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask WaitForEventsAsync(int partition, long sequenceNumber, CancellationToken cancellationToken) => throw new NotSupportedException();

    private void Tell(Action<Entry, Exception?> tell, Exception? error)
    {
        List<Entry> batch;
        lock (gate)
        {
            batch = [.. pending];
            pending.Clear();
            if (error is null)
            {
                stored.AddRange(batch.Select(entry => (entry.Partition, entry.Record)));
            }
        }

        batch.ForEach(entry => tell(entry, error));
        foreach (var observer in batch.Select(entry => entry.Observer).Distinct())
        {
            observer.OnBatchEnd();
        }

        Interlocked.Exchange(ref room, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private sealed record Entry(int Partition, byte[] Record, IAppendObserver Observer, long State);
}
