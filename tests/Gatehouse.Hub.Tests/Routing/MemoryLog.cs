using System.Buffers;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>One partition in memory, in blocks of a hundred events, that counts how often it is read and can be full.</summary>
internal sealed class MemoryLog : IEventLog
{
    private const int BlockEvents = 100;

    private readonly Lock gate = new();
    private readonly List<StoredEvent> events = [];
    private readonly TaskCompletionSource asked = new();
    private readonly TaskCompletionSource given = new();

    public int PartitionCount => 1;

    /// <summary>Appends that are taken before it is full.</summary>
    internal int Room { get; set; } = int.MaxValue;

    /// <summary>Completes when somebody waits for room.</summary>
    internal Task Asked => asked.Task;

    internal int Reads { get; private set; }

    internal int Count
    {
        get
        {
            lock (gate)
            {
                return events.Count;
            }
        }
    }

    internal void GiveRoom()
    {
        Room = int.MaxValue;
        given.SetResult();
    }

    internal void Add(byte[] record)
    {
        lock (gate)
        {
            events.Add(new StoredEvent(events.Count, DateTimeOffset.UnixEpoch, record));
        }
    }

    public bool TryAppend(int partition, ReadOnlySpan<byte> head, in ReadOnlySequence<byte> body, IAppendObserver observer, long state)
    {
        if (Room == 0)
        {
            return false;
        }

        Room--;
        Add([.. head, .. body.ToArray()]);
        observer.OnCommitted(state);
        return true;
    }

    public async ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        asked.TrySetResult();
        await given.Task.WaitAsync(cancellationToken);
    }

    public PartitionState GetState(int partition) => new(0, Count - 1, null);

    public ValueTask<IReadOnlyList<StoredEvent>> ReadAsync(int partition, long fromSequenceNumber, int maxEvents, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            Reads++;
            return ValueTask.FromResult<IReadOnlyList<StoredEvent>>([.. events.Skip((int)fromSequenceNumber).Take(maxEvents)]);
        }
    }

    public ValueTask<IReadOnlyList<StoredEvent>> ReadBlockAsync(int partition, long fromSequenceNumber, CancellationToken cancellationToken) =>
        ReadAsync(partition, fromSequenceNumber, BlockEvents - (int)(fromSequenceNumber % BlockEvents), cancellationToken);

    public ValueTask<long> FindAsync(int partition, DateTimeOffset time, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask WaitForEventsAsync(int partition, long sequenceNumber, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void KeepFrom(int partition, long sequenceNumber) => throw new NotSupportedException();
}
