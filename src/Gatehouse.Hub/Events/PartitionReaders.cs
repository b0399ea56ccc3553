using System.Collections.Concurrent;
using System.Globalization;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Resources;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Events;

/// <summary>Opens partition readers, as the Event-Hubs-compatible endpoint has them.</summary>
public sealed class PartitionReaders : IDisposable
{
    // Source: Event Hubs "Quotas" page. Unconfirmed for the built-in endpoint.
    private const int MaxWithoutLevel = 5;

    private readonly HubLogs logs;
    private readonly ConsumerGroups groups;
    private readonly EventOptions options;
    private readonly TimeProvider time;
    private readonly OpenReaders open = new(MaxWithoutLevel);
    private readonly ConcurrentDictionary<HubName, ReaderSlots> slots = new();
    private readonly IDisposable subscription;

    public PartitionReaders(HubLogs logs, ConsumerGroups groups, ISignals signals, EventOptions options, TimeProvider time)
    {
        (this.logs, this.groups, this.options, this.time) = (logs, groups, options, time);
        subscription = signals.Subscribe(SignalSubjects.ConsumerGroupsChanged, OnGroupsChanged);
    }

    /// <summary>The number of partitions of a hub's log.</summary>
    public async ValueTask<int> CountPartitionsAsync(HubName hub, CancellationToken cancellationToken) => (await logs.OpenAsync(hub, cancellationToken)).PartitionCount;

    /// <summary>Ends of a partition; null when there is no such partition.</summary>
    public async ValueTask<PartitionState?> GetStateAsync(HubName hub, int partition, CancellationToken cancellationToken)
    {
        var log = await logs.OpenAsync(hub, cancellationToken);
        return partition >= 0 && partition < log.PartitionCount ? log.GetState(partition) : null;
    }

    /// <summary>Opens a reader, or says why not. The reader must be disposed.</summary>
    public async Task<(PartitionReader? Reader, ReaderFault? Fault)> OpenAsync(HubName hub, ReaderRequest request, CancellationToken cancellationToken)
    {
        var log = await logs.OpenAsync(hub, cancellationToken);
        if (request.Partition < 0 || request.Partition >= log.PartitionCount)
        {
            return (null, new ReaderFault(ReaderFaultKind.PartitionNotFound, $"There is no partition {request.Partition}; they are 0 to {log.PartitionCount - 1}."));
        }

        if (await PlaceAsync(log, request, cancellationToken) is not { } next)
        {
            return (null, BehindTheEnd(request.From, log.GetState(request.Partition)));
        }

        if (slots.GetOrAdd(hub, _ => new ReaderSlots(options.MaxPartitionReadersPerHub)).TryTake() is not { } slot)
        {
            return (null, new ReaderFault(ReaderFaultKind.TooMany, $"The hub has {options.MaxPartitionReadersPerHub} partition readers, the most it allows."));
        }

        var (entered, fault) = open.Enter(new ReaderPlace(hub, request.ConsumerGroup, request.Partition), request.OwnerLevel);
        if (entered is null)
        {
            slot.Dispose();
            return (null, fault);
        }

        var reader = new PartitionReader(log, new PartitionCursor(request.Partition, next), entered, slot);
        return await KeepIfGroupExistsAsync(reader, hub, request.ConsumerGroup, cancellationToken);
    }

    public void Dispose() => subscription.Dispose();

    /// <summary>Asked after the reader is known to <see cref="OnGroupsChanged"/>: a group that is deleted meanwhile ends it one way or the other.</summary>
    private async Task<(PartitionReader? Reader, ReaderFault? Fault)> KeepIfGroupExistsAsync(PartitionReader reader, HubName hub, string group, CancellationToken cancellationToken)
    {
        try
        {
            if (await groups.FindAsync(hub, group, cancellationToken) is not null)
            {
                return (reader, null);
            }
        }
        catch
        {
            reader.Dispose();
            throw;
        }

        reader.Dispose();
        return (null, GroupGone(group));
    }

    /// <summary>The first sequence number to be read; null when the position lies behind the end.</summary>
    private async ValueTask<long?> PlaceAsync(IEventLog log, ReaderRequest request, CancellationToken cancellationToken)
    {
        var state = log.GetState(request.Partition);
        switch (request.From)
        {
            case EventPosition.Latest:
                return state.LastSequenceNumber + 1;
            case EventPosition.FromSequenceNumber from:
                return await IsThereAsync(log, request.Partition, from.SequenceNumber, cancellationToken) ? from.SequenceNumber : null;
            case EventPosition.AfterSequenceNumber after:
                return await AfterAsync(log, request.Partition, after.SequenceNumber, cancellationToken);
            case EventPosition.AfterOffset after:
                return await AfterAsync(log, request.Partition, after.Offset, cancellationToken);
            case EventPosition.FromTime from:
                return await log.FindAsync(request.Partition, from.Time, cancellationToken);
            default:
                return state.FirstSequenceNumber;
        }
    }

    private async ValueTask<long?> AfterAsync(IEventLog log, int partition, long last, CancellationToken cancellationToken)
    {
        var next = Math.Min(last, long.MaxValue - 1) + 1;
        return await IsThereAsync(log, partition, next, cancellationToken) ? next : null;
    }

    // A reader may come from another node with what it has read there a moment ago, before this node heard of it: its next event may be one that is just arriving.
    private async ValueTask<bool> IsThereAsync(IEventLog log, int partition, long next, CancellationToken cancellationToken)
    {
        if (next <= log.GetState(partition).LastSequenceNumber + 1)
        {
            return true;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var arrived = log.WaitForEventsAsync(partition, next - 2, patience.Token).AsTask();
        await Task.WhenAny(arrived, Task.Delay(options.PositionPatience, time, patience.Token));
        await patience.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return arrived.IsCompletedSuccessfully;
    }

    private void OnGroupsChanged(Signal signal)
    {
        if (!HubName.TryParse(signal.Hub, out var hub))
        {
            return;
        }

        // "All of them": what is gone must be asked for.
        IReadOnlyList<string> named = signal.Key.Length > 0 ? [signal.Key] : open.GroupsOf(hub);
        foreach (var group in named)
        {
            _ = EndIfGoneAsync(hub, group);
        }
    }

    private async Task EndIfGoneAsync(HubName hub, string group)
    {
        try
        {
            if (await groups.FindAsync(hub, group, CancellationToken.None) is null)
            {
                open.End(hub, group, GroupGone(group));
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The store is away. The group was named as changed: a reader that may not read must stop, one that may comes back.
            open.End(hub, group, GroupGone(group));
        }
    }

    private static ReaderFault GroupGone(string group) => new(ReaderFaultKind.GroupNotFound, $"There is no consumer group '{ResourceName.Cut(group)}'.");

    private static ReaderFault BehindTheEnd(EventPosition position, PartitionState state)
    {
        var (what, value) = position switch
        {
            EventPosition.AfterOffset after => ("offset", after.Offset),
            EventPosition.FromSequenceNumber from => ("sequence number", from.SequenceNumber),
            EventPosition.AfterSequenceNumber after => ("sequence number", after.SequenceNumber),
            _ => throw new ArgumentOutOfRangeException(nameof(position)),
        };
        return new ReaderFault(
            ReaderFaultKind.BehindTheEnd,
            string.Create(CultureInfo.InvariantCulture, $"The supplied {what} '{value}' is invalid. The last {what} in the system is '{state.LastSequenceNumber}'."));
    }
}
