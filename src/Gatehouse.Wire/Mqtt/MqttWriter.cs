using System.Buffers.Binary;

namespace Gatehouse.Wire.Mqtt;

/// <summary>The server's packets, written into the caller's buffer; each returns the bytes written.</summary>
public static class MqttWriter
{
    /// <summary>Size of PUBACK, UNSUBACK and CONNACK.</summary>
    public const int AcknowledgementBytes = 4;

    /// <summary>PINGRESP. Source: MQTT 3.1.1 §3.13.</summary>
    public static ReadOnlySpan<byte> PingResponse => [0xd0, 0];

    /// <summary>CONNACK of MQTT 5 with reason 0x84, unsupported protocol version. Source: MQTT 5.0 §3.2.</summary>
    public static ReadOnlySpan<byte> UnsupportedVersion5 => [0x20, 3, 0, 0x84, 0];

    /// <summary>Source: MQTT 3.1.1 §3.2.</summary>
    public static int WriteConnectAcknowledgement(Span<byte> buffer, bool sessionPresent, ConnectReturnCode code)
    {
        buffer[0] = 0x20;
        buffer[1] = 2;
        buffer[2] = sessionPresent && code == ConnectReturnCode.Accepted ? (byte)1 : (byte)0;
        buffer[3] = (byte)code;
        return AcknowledgementBytes;
    }

    /// <summary>Source: MQTT 3.1.1 §3.4.</summary>
    public static int WritePublishAcknowledgement(Span<byte> buffer, ushort packetId) => WriteId(buffer, 0x40, packetId);

    /// <summary>Source: MQTT 3.1.1 §3.11.</summary>
    public static int WriteUnsubscribeAcknowledgement(Span<byte> buffer, ushort packetId) => WriteId(buffer, 0xb0, packetId);

    /// <summary>Source: MQTT 3.1.1 §3.9. The packet; made once per SUBSCRIBE.</summary>
    public static byte[] SubscribeAcknowledgement(ushort packetId, IReadOnlyList<byte> granted)
    {
        var body = 2 + granted.Count;
        var lengthBytes = body < 0x80 ? 1 : body < 0x4000 ? 2 : 3;
        var packet = new byte[1 + lengthBytes + body];
        packet[0] = 0x90;
        for (int i = 1, rest = body; i <= lengthBytes; i++, rest >>= 7)
        {
            packet[i] = (byte)((rest & 0x7f) | (i < lengthBytes ? 0x80 : 0));
        }

        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(1 + lengthBytes), packetId);
        for (var i = 0; i < granted.Count; i++)
        {
            packet[3 + lengthBytes + i] = granted[i];
        }

        return packet;
    }

    /// <summary>Most bytes of a PUBLISH before its payload.</summary>
    public static int PublishHeadBytes(int topicBytes) => 1 + 4 + 2 + topicBytes + 2;

    /// <summary>A PUBLISH up to its payload; QoS 1 with a packet id, QoS 0 without (0). Source: MQTT 3.1.1 §3.3.</summary>
    public static int WritePublishHead(Span<byte> buffer, ReadOnlySpan<byte> topic, ushort packetId, int payloadBytes)
    {
        buffer[0] = packetId == 0 ? (byte)0x30 : (byte)0x32;
        var place = 1;
        var rest = 2 + topic.Length + (packetId == 0 ? 0 : 2) + payloadBytes;
        do
        {
            buffer[place++] = (byte)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
            rest >>= 7;
        }
        while (rest > 0);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[place..], (ushort)topic.Length);
        topic.CopyTo(buffer[(place + 2)..]);
        place += 2 + topic.Length;
        if (packetId != 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(buffer[place..], packetId);
            place += 2;
        }

        return place;
    }

    private static int WriteId(Span<byte> buffer, byte header, ushort packetId)
    {
        buffer[0] = header;
        buffer[1] = 2;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], packetId);
        return AcknowledgementBytes;
    }
}

/// <summary>CONNACK codes that are sent. Never 2 or 4: the C client stops for good on them.</summary>
public enum ConnectReturnCode : byte
{
    Accepted = 0,
    UnacceptableProtocolVersion = 1,
    ServerUnavailable = 3,
    NotAuthorized = 5,
}
