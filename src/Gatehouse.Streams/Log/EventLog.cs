using System.Buffers;
using System.Buffers.Binary;

namespace Gatehouse.Streams.Log;

/// <summary>The log of one hub.</summary>
internal sealed class EventLog(string hub, IReadOnlyList<LogPartition> partitions, CommitLoop commits, LogOptions options, StreamsMetrics metrics) : IEventLog
{
    private readonly LogPartition[] partitions = [.. partitions];

    public int PartitionCount => partitions.Length;

    internal string Hub { get; } = hub;

    internal IReadOnlyList<LogPartition> Partitions => partitions;

    public bool TryAppend(int partition, ReadOnlySpan<byte> head, in ReadOnlySequence<byte> body, IAppendObserver observer, long state) =>
        commits.TryAppend(Get(partition), head, body, observer, state);

    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken) => commits.WaitForRoomAsync(cancellationToken);

    public PartitionState GetState(int partition) => Get(partition).State;

    public async ValueTask<IReadOnlyList<StoredEvent>> ReadAsync(int partition, long fromSequenceNumber, int maxEvents, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxEvents);
        var source = Get(partition);
        var state = source.State;
        var next = Math.Max(fromSequenceNumber, state.FirstSequenceNumber);
        var events = new List<StoredEvent>();
        var bytesLeft = options.MaxReadBytes;
        while (next <= state.LastSequenceNumber && events.Count < maxEvents && bytesLeft > 0)
        {
            if (await source.ReadAsync(next, cancellationToken) is not { } block)
            {
                break;
            }

            next = Collect(block, next, maxEvents, events, ref bytesLeft);
        }

        metrics.Read(events.Count);
        return events;
    }

    public async ValueTask<IReadOnlyList<StoredEvent>> ReadBlockAsync(int partition, long fromSequenceNumber, CancellationToken cancellationToken)
    {
        var source = Get(partition);
        var state = source.State;
        var next = Math.Max(fromSequenceNumber, state.FirstSequenceNumber);
        if (next > state.LastSequenceNumber || await source.ReadAsync(next, cancellationToken) is not { } block)
        {
            return [];
        }

        BlockHeader.TryRead(block, out var header);
        var events = new List<StoredEvent>((int)(header.End - Math.Max(next, header.First)));
        var bytesLeft = int.MaxValue;
        Collect(block, next, int.MaxValue, events, ref bytesLeft);
        metrics.Read(events.Count);
        return events;
    }

    public async ValueTask<long> FindAsync(int partition, DateTimeOffset time, CancellationToken cancellationToken)
    {
        var source = Get(partition);
        var (first, last, lastTime) = source.State;

        // Times are kept in whole milliseconds; a time within one is after it.
        var value = (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
        if (lastTime is null || value > lastTime.Value.ToUnixTimeMilliseconds())
        {
            return last + 1;
        }

        return Math.Max(first, await source.Blocks.FindAsync(BlockField.Time, value, cancellationToken));
    }

    public ValueTask WaitForEventsAsync(int partition, long sequenceNumber, CancellationToken cancellationToken) =>
        Get(partition).WaitAsync(sequenceNumber, cancellationToken);

    public void KeepFrom(int partition, long sequenceNumber) => Get(partition).KeepFrom = sequenceNumber;

    private LogPartition Get(int partition)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(partition);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition, partitions.Length);
        return partitions[partition];
    }

    /// <summary>Adds the events of a sound block from <paramref name="from"/> on; returns the number after the last one added.</summary>
    private static long Collect(byte[] block, long from, int maxEvents, List<StoredEvent> events, ref int bytesLeft)
    {
        BlockHeader.TryRead(block, out var header);
        var time = DateTimeOffset.FromUnixTimeMilliseconds(header.Time);
        var number = header.First;
        var offset = BlockHeader.Size;
        while (number < header.End && events.Count < maxEvents && bytesLeft > 0)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(block.AsSpan(offset));
            offset += BlockHeader.RecordPrefix;
            if (number >= from)
            {
                events.Add(new StoredEvent(number, time, block.AsMemory(offset, length)));
                bytesLeft -= length;
            }

            offset += length;
            number++;
        }

        return number;
    }
}
