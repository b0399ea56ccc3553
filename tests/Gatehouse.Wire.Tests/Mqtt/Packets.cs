using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Gatehouse.Wire.Tests.Mqtt;

/// <summary>Packets as a client writes them, and byte sequences cut into pieces.</summary>
internal static class Packets
{
    internal static byte[] Frame(byte header, params byte[][] fields)
    {
        var body = fields.SelectMany(static field => field).ToArray();
        List<byte> packet = [header];
        var rest = body.Length;
        do
        {
            packet.Add((byte)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0)));
            rest >>= 7;
        }
        while (rest > 0);
        return [.. packet, .. body];
    }

    internal static byte[] Connect(string clientId, byte flags = 0xc0, byte level = 4, string protocol = "MQTT", ushort keepAlive = 60, params byte[][] payload) =>
        Frame(0x10, [Text(protocol), [level, flags], Number(keepAlive), Text(clientId), .. payload]);

    internal static byte[] Text(string text) => Binary(Encoding.UTF8.GetBytes(text));

    internal static byte[] Binary(byte[] bytes) => [.. Number((ushort)bytes.Length), .. bytes];

    internal static byte[] Number(ushort number)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, number);
        return bytes;
    }

    /// <summary>The same bytes in segments of at most <paramref name="size"/>.</summary>
    internal static ReadOnlySequence<byte> Cut(byte[] bytes, int size)
    {
        var first = new Segment(bytes.AsMemory(0, Math.Min(size, bytes.Length)), 0);
        var last = first;
        for (var i = size; i < bytes.Length; i += size)
        {
            last = last.Append(bytes.AsMemory(i, Math.Min(size, bytes.Length - i)));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        internal Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        internal Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
