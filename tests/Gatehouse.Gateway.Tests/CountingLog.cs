using System.Buffers;
using Gatehouse.Streams.Log;

namespace Gatehouse.Gateway.Tests;

/// <summary>An event log that counts what it is given and keeps nothing.</summary>
internal sealed class CountingLog : IEventLogs, IEventLog
{
    internal int Count { get; private set; }

    public int PartitionCount => 1;

    public void KeepFrom(int partition, long sequenceNumber) => throw new NotSupportedException();

    public ValueTask<IEventLog> OpenAsync(string hub, int partitionCount, CancellationToken cancellationToken) => ValueTask.FromResult<IEventLog>(this);

    public bool TryAppend(int partition, ReadOnlySpan<byte> head, in ReadOnlySequence<byte> body, IAppendObserver observer, long state)
    {
        Count++;
        return true;
    }

    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public PartitionState GetState(int partition) => new(0, -1, null);

    public ValueTask<IReadOnlyList<StoredEvent>> ReadAsync(int partition, long fromSequenceNumber, int maxEvents, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<StoredEvent>> ReadBlockAsync(int partition, long fromSequenceNumber, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<long> FindAsync(int partition, DateTimeOffset time, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask WaitForEventsAsync(int partition, long sequenceNumber, CancellationToken cancellationToken) => throw new NotSupportedException();
}
