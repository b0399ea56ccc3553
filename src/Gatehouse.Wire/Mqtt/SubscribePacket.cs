using System.Buffers;

namespace Gatehouse.Wire.Mqtt;

/// <summary>SUBSCRIBE, or UNSUBSCRIBE with QoS 0 throughout. Sources: MQTT 3.1.1 §3.8, §3.10.</summary>
/// <param name="PacketId">Not 0.</param>
/// <param name="Filters">At least one, in the order of the packet.</param>
public sealed record SubscribePacket(ushort PacketId, IReadOnlyList<RequestedFilter> Filters)
{
    /// <summary>Reads the body of either packet.</summary>
    public static MqttFault TryRead(in MqttFrame frame, out SubscribePacket? packet)
    {
        packet = null;
        var reader = new FieldReader(frame.Body.IsSingleSegment ? frame.Body.FirstSpan : frame.Body.ToArray());
        if (!reader.TryReadUInt16(out var packetId))
        {
            return MqttFault.Truncated;
        }

        if (packetId == 0)
        {
            return MqttFault.PacketIdZero;
        }

        var filters = new List<RequestedFilter>();
        while (!reader.IsAtEnd)
        {
            if (ReadFilter(ref reader, frame.Type == MqttPacketType.Subscribe, out var filter) is var fault and not MqttFault.None)
            {
                return fault;
            }

            filters.Add(filter);
        }

        if (filters.Count == 0)
        {
            return MqttFault.NoFilters;
        }

        packet = new SubscribePacket(packetId, filters);
        return MqttFault.None;
    }

    private static MqttFault ReadFilter(ref FieldReader reader, bool hasQos, out RequestedFilter filter)
    {
        filter = default;
        if (reader.ReadText(out var text) is var fault and not MqttFault.None)
        {
            return fault;
        }

        byte qos = 0;
        if (hasQos && !reader.TryReadByte(out qos))
        {
            return MqttFault.Truncated;
        }

        filter = new RequestedFilter(System.Text.Encoding.UTF8.GetString(text), qos);
        return qos > 2 ? MqttFault.InvalidQos : MqttFault.None;
    }
}

/// <summary>One filter of a SUBSCRIBE or UNSUBSCRIBE.</summary>
/// <param name="Text">As sent.</param>
/// <param name="Qos">0–2; 0 for UNSUBSCRIBE.</param>
public readonly record struct RequestedFilter(string Text, byte Qos);
