using System.Buffers.Binary;

namespace Gatehouse.Wire.Amqp;

/// <summary>Size and count that follow the constructor of a list, map or array. Source: AMQP 1.0 §1.2.</summary>
/// <param name="ContentStart">Where the content starts, in bytes behind the constructor.</param>
/// <param name="Length">Where it ends, in bytes behind the constructor.</param>
/// <param name="Count">Values that it announces, at most one a byte; for arrays any number, as elements may take no bytes.</param>
internal readonly record struct CompoundHeader(int ContentStart, int Length, int Count)
{
    internal static AmqpFault Read(byte code, ReadOnlySpan<byte> bytes, out CompoundHeader header)
    {
        header = default;
        if (code == FormatCode.List0)
        {
            return AmqpFault.None;
        }

        var prefix = code is FormatCode.List8 or FormatCode.Map8 or FormatCode.Array8 ? 1 : 4;
        if (bytes.Length < 2 * prefix)
        {
            return AmqpFault.Truncated;
        }

        // The size counts the bytes behind itself, so those of the count too.
        var size = prefix == 1 ? bytes[0] : BinaryPrimitives.ReadUInt32BigEndian(bytes);
        var count = prefix == 1 ? bytes[1] : BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        if (size > (uint)(bytes.Length - prefix))
        {
            return AmqpFault.Truncated;
        }

        if (size < prefix)
        {
            return AmqpFault.Malformed;
        }

        if (count > (FormatCode.IsArray(code) ? int.MaxValue : size - (uint)prefix))
        {
            return AmqpFault.CountTooLarge;
        }

        header = new CompoundHeader(2 * prefix, prefix + (int)size, (int)count);
        return AmqpFault.None;
    }
}
