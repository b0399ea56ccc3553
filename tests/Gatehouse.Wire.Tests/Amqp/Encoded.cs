using System.Buffers.Binary;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Wire.Tests.Amqp;

internal delegate void WriteValue(AmqpWriter writer);

/// <summary>Bytes made by the writer, and bytes made by hand where the writer must not be trusted.</summary>
internal static class Encoded
{
    internal static byte[] By(WriteValue write)
    {
        var buffer = new AmqpBuffer();
        write(new AmqpWriter(buffer));
        return buffer.Written.ToArray();
    }

    internal static byte[] Object(object? value) => By(writer => writer.Object(value));

    internal static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", string.Empty));

    /// <summary>A described value with a small numeric descriptor.</summary>
    internal static byte[] Described(ulong code, params byte[] value) => [0x00, 0x53, (byte)code, .. value];

    internal static byte[] List32(params byte[][] values) => Compound32(0xd0, values.Length, values);

    internal static byte[] Map32(params byte[][] values) => Compound32(0xd1, values.Length, values);

    /// <summary>A list, map or array with four-byte size and count, whatever the count says.</summary>
    internal static byte[] Compound32(byte code, int count, params byte[][] content)
    {
        var bytes = content.SelectMany(static part => part).ToArray();
        return [code, .. Number(bytes.Length + 4), .. Number(count), .. bytes];
    }

    internal static byte[] Symbol(string text) => [0xa3, (byte)text.Length, .. text.Select(static c => (byte)c)];

    internal static byte[] String(string text) => [0xa1, (byte)text.Length, .. text.Select(static c => (byte)c)];

    internal static byte[] Number(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }
}
