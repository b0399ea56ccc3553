using System.Buffers;

namespace Gatehouse.Wire.Mqtt;

/// <summary>One control packet, cut out of the stream: first byte and what follows the remaining length.</summary>
/// <param name="Header">Type and flags. Source: MQTT 3.1.1 §2.2.</param>
/// <param name="Body">Variable header and payload; lies in the caller's buffer.</param>
public readonly record struct MqttFrame(byte Header, ReadOnlySequence<byte> Body)
{
    private const int MaxLengthBytes = 4;

    public MqttPacketType Type => (MqttPacketType)(Header >> 4);

    public int Flags => Header & 0x0f;

    /// <summary>Cuts the next packet off the front of <paramref name="buffer"/>.</summary>
    /// <param name="buffer">What was received; moved past the packet on success, else left alone.</param>
    /// <param name="maxBody">Largest remaining length, bytes; a larger one is a fault before its bytes arrive.</param>
    /// <param name="frame">The packet.</param>
    /// <param name="fault">Not None when the stream can never become a packet.</param>
    /// <returns>False when more bytes are needed, or on a fault.</returns>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, int maxBody, out MqttFrame frame, out MqttFault fault)
    {
        (frame, fault) = (default, MqttFault.None);
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryRead(out var header))
        {
            return false;
        }

        if ((fault = CheckFlags(header)) != MqttFault.None || !TryReadLength(ref reader, out var length, out fault))
        {
            return false;
        }

        if (length > maxBody)
        {
            fault = MqttFault.PacketTooLarge;
            return false;
        }

        if (reader.Remaining < length)
        {
            return false;
        }

        frame = new MqttFrame(header, reader.UnreadSequence.Slice(0, length));
        buffer = reader.UnreadSequence.Slice(length);
        return true;
    }

    private static bool TryReadLength(ref SequenceReader<byte> reader, out int length, out MqttFault fault)
    {
        (length, fault) = (0, MqttFault.None);
        for (var i = 0; i < MaxLengthBytes; i++)
        {
            if (!reader.TryRead(out var part))
            {
                return false;
            }

            length |= (part & 0x7f) << (7 * i);
            if (part < 0x80)
            {
                return true;
            }
        }

        fault = MqttFault.LengthTooLong;
        return false;
    }

    // Table 2.2 of MQTT 3.1.1: PUBLISH has flags of its own, three types carry 0010, all others 0000.
    private static MqttFault CheckFlags(byte header)
    {
        var flags = header & 0x0f;
        return (MqttPacketType)(header >> 4) switch
        {
            MqttPacketType.Publish => MqttFault.None,
            MqttPacketType.PublishRelease or MqttPacketType.Subscribe or MqttPacketType.Unsubscribe => flags == 2 ? MqttFault.None : MqttFault.InvalidFlags,
            MqttPacketType.None or > MqttPacketType.Disconnect => MqttFault.UnexpectedPacket,
            _ => flags == 0 ? MqttFault.None : MqttFault.InvalidFlags,
        };
    }
}
