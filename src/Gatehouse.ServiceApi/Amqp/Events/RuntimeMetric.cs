using System.Globalization;
using Gatehouse.Streams.Log;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.ServiceApi.Amqp.Events;

/// <summary>What a receiver that asked for it learns about the end of its partition, with every message: a delivery annotations section, made once per block.</summary>
/// <remarks>Source: service-plane §7.4 of the wire reference (<c>com.microsoft:enable-receiver-runtime-metric</c>).</remarks>
internal sealed class RuntimeMetric(TimeProvider time)
{
    private readonly AmqpBuffer section = new();

    internal ReadOnlySpan<byte> Section => section.Written;

    internal void Update(PartitionState state)
    {
        section.Clear();
        var writer = new AmqpWriter(section);
        writer.Descriptor(Descriptors.DeliveryAnnotations);
        var map = writer.BeginMap();
        writer.Symbol("last_enqueued_sequence_number"u8);
        writer.Long(state.LastSequenceNumber);
        writer.Symbol("last_enqueued_offset"u8);
        writer.String(state.LastSequenceNumber.ToString(CultureInfo.InvariantCulture));
        writer.Symbol("last_enqueued_time_utc"u8);
        writer.Timestamp(state.LastEnqueuedTime?.ToUnixTimeMilliseconds() ?? 0);
        writer.Symbol("runtime_info_retrieval_time_utc"u8);
        writer.Timestamp(time.GetUtcNow().ToUnixTimeMilliseconds());
        writer.EndMap(map, 8);
    }
}
