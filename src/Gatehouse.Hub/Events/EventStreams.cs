using System.Collections.Concurrent;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Resources;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Events;

/// <summary>Opens streams of a hub's events. A reader takes from the log at its own pace; nothing is kept for it, so a slow one slows only itself.</summary>
public sealed class EventStreams(HubLogs logs, ConsumerGroups groups, ISignals signals, EventOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<HubName, ReaderSlots> slots = new();

    /// <summary>The stream must be disposed. GenericNotFound: no such group; ArgumentInvalid: no such partition, or a position that needs one; ThrottlingException: too many readers.</summary>
    public async Task<Result<EventStream>> OpenAsync(HubName hub, EventQuery query, CancellationToken cancellationToken)
    {
        var log = await logs.OpenAsync(hub, cancellationToken);
        if (Check(query, log.PartitionCount) is { } invalid)
        {
            return invalid;
        }

        if (await groups.FindAsync(hub, query.ConsumerGroup, cancellationToken) is null)
        {
            return HubErrors.GenericNotFound.With($"There is no consumer group '{ResourceName.Cut(query.ConsumerGroup)}'.");
        }

        var slot = slots.GetOrAdd(hub, _ => new ReaderSlots(options.MaxReadersPerHub)).TryTake();
        if (slot is null)
        {
            return HubErrors.ThrottlingException.With($"The hub has {options.MaxReadersPerHub} open event streams, the most it allows.");
        }

        try
        {
            var cursors = await PlaceAsync(log, query, cancellationToken);
            return new EventStream(log, cursors, new EventFilter(query), new GroupWatch(hub, query.ConsumerGroup, groups, signals), (options, time), slot);
        }
        catch
        {
            slot.Dispose();
            throw;
        }
    }

    /// <summary>First and last event of each partition.</summary>
    public async Task<IReadOnlyList<PartitionState>> GetPartitionsAsync(HubName hub, CancellationToken cancellationToken)
    {
        var log = await logs.OpenAsync(hub, cancellationToken);
        return [.. Enumerable.Range(0, log.PartitionCount).Select(log.GetState)];
    }

    private static HubError? Check(EventQuery query, int partitionCount)
    {
        if (query.Partition is { } partition && (partition < 0 || partition >= partitionCount))
        {
            return HubErrors.ArgumentInvalid.With($"The partition must be 0 to {partitionCount - 1}.");
        }

        if (query.Partition is null && query.From is EventPosition.FromSequenceNumber or EventPosition.AfterSequenceNumber or EventPosition.AfterOffset)
        {
            return HubErrors.ArgumentInvalid.With("Sequence numbers and offsets belong to one partition: name it.");
        }

        return query is { Module: not null, Device: null } ? HubErrors.ArgumentInvalid.With("A module filter needs its device.") : null;
    }

    private static async Task<IReadOnlyList<PartitionCursor>> PlaceAsync(IEventLog log, EventQuery query, CancellationToken cancellationToken)
    {
        var cursors = new List<PartitionCursor>();
        var (first, last) = query.Partition is { } one ? (one, one) : (0, log.PartitionCount - 1);
        for (var partition = first; partition <= last; partition++)
        {
            var state = log.GetState(partition);
            var next = query.From switch
            {
                EventPosition.Latest => state.LastSequenceNumber + 1,
                EventPosition.FromSequenceNumber from => from.SequenceNumber,
                EventPosition.AfterSequenceNumber after => Math.Min(after.SequenceNumber, long.MaxValue - 1) + 1,
                EventPosition.AfterOffset after => Math.Min(after.Offset, long.MaxValue - 1) + 1,
                EventPosition.FromTime from => await log.FindAsync(partition, from.Time, cancellationToken),
                _ => state.FirstSequenceNumber,
            };
            cursors.Add(new PartitionCursor(partition, next));
        }

        return cursors;
    }
}

/// <summary>Keeps only the events of one device or module.</summary>
internal sealed class EventFilter(EventQuery query)
{
    private readonly byte[] device = Encoding.UTF8.GetBytes(query.Device?.Value ?? "");
    private readonly byte[] module = Encoding.UTF8.GetBytes(query.Module?.Value ?? "");

    internal bool Takes(StoredEvent stored) => EventRecords.IsFrom(stored.Record.Span, device, module);
}
