using System.Globalization;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Hubs;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.ServiceApi.Amqp.Management;

/// <summary>What <c>$management</c> tells of an event hub and of its partitions: maps with the types that clients insist on.</summary>
/// <remarks>Source: the table of service-plane §7.4 of the wire reference.</remarks>
internal sealed class EventEntities(PartitionReaders readers, HubDirectory hubs)
{
    internal const string EventHubType = "com.microsoft:eventhub";
    internal const string PartitionType = "com.microsoft:partition";

    internal async ValueTask<AmqpMap> ReadEventHubAsync(HubName hub, CancellationToken cancellationToken)
    {
        var count = await readers.CountPartitionsAsync(hub, cancellationToken);
        var ids = new object?[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = i.ToString(CultureInfo.InvariantCulture);
        }

        var map = new AmqpMap();
        map.Add("name", hub.Value);
        map.Add("type", EventHubType);
        map.Add("created_at", new AmqpTimestamp(hubs.Find(hub)?.Created?.ToUnixTimeMilliseconds() ?? 0));
        map.Add("partition_count", count);
        map.Add("partition_ids", ids);
        map.Add("georeplication_factor", 1);
        return map;
    }

    /// <summary>Null when there is no such partition.</summary>
    internal async ValueTask<AmqpMap?> ReadPartitionAsync(HubName hub, string partition, CancellationToken cancellationToken)
    {
        if (EventAddress.PartitionOf(partition) is not { } number || await readers.GetStateAsync(hub, number, cancellationToken) is not { } state)
        {
            return null;
        }

        var isEmpty = state.FirstSequenceNumber > state.LastSequenceNumber;
        var map = new AmqpMap();
        map.Add("name", hub.Value);
        map.Add("type", PartitionType);
        map.Add("partition", number.ToString(CultureInfo.InvariantCulture));
        map.Add("begin_sequence_number", state.FirstSequenceNumber);
        map.Add("last_enqueued_sequence_number", state.LastSequenceNumber);
        map.Add("last_enqueued_offset", state.LastSequenceNumber.ToString(CultureInfo.InvariantCulture));
        map.Add("last_enqueued_time_utc", new AmqpTimestamp(state.LastEnqueuedTime?.ToUnixTimeMilliseconds() ?? 0));
        map.Add("is_partition_empty", isEmpty);
        return map;
    }
}
