using System.Buffers;
using System.Buffers.Binary;

namespace Gatehouse.Wire.Mqtt;

/// <summary>PUBLISH from a client; nothing is copied unless the topic is spread over segments. Source: MQTT 3.1.1 §3.3.</summary>
public readonly ref struct PublishPacket
{
    /// <summary>Longest topic, bytes: what <c>scratch</c> of <see cref="TryRead"/> must hold.</summary>
    public const int MaxTopicBytes = ushort.MaxValue;

    private PublishPacket(ReadOnlySpan<byte> topic, ReadOnlySequence<byte> payload, int flags, ushort packetId)
    {
        Topic = topic;
        Payload = payload;
        Flags = flags;
        PacketId = packetId;
    }

    /// <summary>UTF-8.</summary>
    public ReadOnlySpan<byte> Topic { get; }

    public ReadOnlySequence<byte> Payload { get; }

    /// <summary>0 for QoS 0.</summary>
    public ushort PacketId { get; }

    /// <summary>0 or 1.</summary>
    public int Qos => (Flags >> 1) & 3;

    public bool IsRetained => (Flags & 1) != 0;

    private int Flags { get; }

    /// <summary>Reads a PUBLISH frame; QoS 2 is a fault, as with the service.</summary>
    public static MqttFault TryRead(scoped in MqttFrame frame, Span<byte> scratch, out PublishPacket packet)
    {
        packet = default;
        var qos = (frame.Flags >> 1) & 3;
        if (qos > 1)
        {
            return qos == 2 ? MqttFault.Qos2 : MqttFault.InvalidQos;
        }

        if (!TryReadUInt16(frame.Body, 0, out var topicLength))
        {
            return MqttFault.Truncated;
        }

        var idBytes = qos == 0 ? 0 : 2;
        ushort packetId = 0;
        if (frame.Body.Length < 2 + topicLength + idBytes || (qos == 1 && !TryReadUInt16(frame.Body, 2 + topicLength, out packetId)))
        {
            return MqttFault.Truncated;
        }

        if (qos == 1 && packetId == 0)
        {
            return MqttFault.PacketIdZero;
        }

        var topic = Contiguous(frame.Body.Slice(2, topicLength), scratch);
        if (!FieldReader.IsText(topic))
        {
            return MqttFault.InvalidText;
        }

        packet = new PublishPacket(topic, frame.Body.Slice(2 + topicLength + idBytes), frame.Flags, packetId);
        return MqttFault.None;
    }

    private static ReadOnlySpan<byte> Contiguous(scoped in ReadOnlySequence<byte> topic, Span<byte> scratch)
    {
        if (topic.IsSingleSegment)
        {
            return topic.FirstSpan;
        }

        topic.CopyTo(scratch);
        return scratch[..(int)topic.Length];
    }

    private static bool TryReadUInt16(in ReadOnlySequence<byte> body, int offset, out ushort value)
    {
        value = 0;
        if (body.Length < offset + 2)
        {
            return false;
        }

        var first = body.FirstSpan;
        if (first.Length >= offset + 2)
        {
            value = BinaryPrimitives.ReadUInt16BigEndian(first[offset..]);
            return true;
        }

        Span<byte> bytes = stackalloc byte[2];
        body.Slice(offset, 2).CopyTo(bytes);
        value = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return true;
    }
}
