using System.Buffers;
using System.Buffers.Binary;

namespace Gatehouse.Wire.Mqtt;

/// <summary>Packets that are a packet id and nothing else.</summary>
public static class MqttReader
{
    /// <summary>PUBACK. Source: MQTT 3.1.1 §3.4.</summary>
    public static bool TryReadPacketId(in MqttFrame frame, out ushort packetId)
    {
        packetId = 0;
        if (frame.Body.Length != 2)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[2];
        frame.Body.CopyTo(bytes);
        packetId = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return packetId != 0;
    }
}
