using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Gatehouse.Wire.Amqp;

/// <summary>Measures one value and judges everything in it, down to the last leaf: what passes is safe to walk, to store and to send on.</summary>
/// <remarks>
/// Linear in the bytes and without allocation: elements of arrays that take no bytes are counted, not visited, and the depth is bounded.
/// Descriptors other than ulong and symbol are reserved (AMQP 1.0 §1.3) and refused, so a descriptor cannot nest.
/// </remarks>
internal static class ValueScanner
{
    /// <summary>Measures the value at the front of <paramref name="bytes"/>.</summary>
    internal static AmqpFault Measure(ReadOnlySpan<byte> bytes, int depth, out int length)
    {
        length = 0;
        var constructor = 1;
        var fault = AmqpFault.None;
        if ((bytes.IsEmpty || bytes[0] == FormatCode.Described) && (fault = MeasureConstructor(bytes, ref depth, out constructor)) != AmqpFault.None)
        {
            return fault;
        }

        fault = MeasureBody(bytes[constructor - 1], bytes[constructor..], depth, out var body);
        length = constructor + body;
        return fault;
    }

    /// <summary>Measures the descriptors and the format code that start a value or the elements of an array.</summary>
    internal static AmqpFault MeasureConstructor(ReadOnlySpan<byte> bytes, ref int depth, out int length)
    {
        length = 0;
        while (length < bytes.Length && bytes[length] == FormatCode.Described)
        {
            length++;
            if (++depth > AmqpLimits.Depth)
            {
                return AmqpFault.TooDeep;
            }

            if (MeasureDescriptor(bytes[length..], out var descriptor) is var fault and not AmqpFault.None)
            {
                return fault;
            }

            length += descriptor;
        }

        return length++ < bytes.Length ? AmqpFault.None : AmqpFault.Truncated;
    }

    private static AmqpFault MeasureDescriptor(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (bytes.IsEmpty)
        {
            return AmqpFault.Truncated;
        }

        if (bytes[0] is not (FormatCode.ULong or FormatCode.SmallULong or FormatCode.ULong0 or FormatCode.Symbol8 or FormatCode.Symbol32))
        {
            return AmqpFault.Descriptor;
        }

        var fault = MeasureBody(bytes[0], bytes[1..], 0, out var body);
        length = 1 + body;
        return fault;
    }

    private static AmqpFault MeasureBody(byte code, ReadOnlySpan<byte> bytes, int depth, out int length)
    {
        if (FormatCode.IsVariable(code))
        {
            return MeasureVariable(code, bytes, out length);
        }

        if (FormatCode.IsFixed(code))
        {
            length = FormatCode.Width(code);
            return length > bytes.Length ? AmqpFault.Truncated
                : code is FormatCode.Boolean or FormatCode.Char ? CheckFixed(code, bytes[..length])
                : AmqpFault.None;
        }

        length = 0;
        if (!FormatCode.IsList(code) && !FormatCode.IsMap(code) && !FormatCode.IsArray(code))
        {
            return AmqpFault.UnknownType;
        }

        if (depth >= AmqpLimits.Depth)
        {
            return AmqpFault.TooDeep;
        }

        if (CompoundHeader.Read(code, bytes, out var header) is var fault and not AmqpFault.None)
        {
            return fault;
        }

        length = header.Length;
        var content = bytes[header.ContentStart..header.Length];
        return FormatCode.IsArray(code) ? CheckArray(content, header.Count, depth + 1) : CheckCompound(code, content, header.Count, depth + 1);
    }

    private static AmqpFault MeasureVariable(byte code, ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        var prefix = code < FormatCode.Binary32 ? 1 : 4;
        if (bytes.Length < prefix)
        {
            return AmqpFault.Truncated;
        }

        var size = prefix == 1 ? bytes[0] : BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (size > (uint)(bytes.Length - prefix))
        {
            return AmqpFault.Truncated;
        }

        length = prefix + (int)size;
        return CheckText(code, bytes[prefix..length]);
    }

    private static AmqpFault CheckCompound(byte code, ReadOnlySpan<byte> content, int count, int depth)
    {
        if (FormatCode.IsMap(code) && (count & 1) != 0)
        {
            return AmqpFault.OddMap;
        }

        for (var i = 0; i < count; i++)
        {
            if (Measure(content, depth, out var length) is var fault and not AmqpFault.None)
            {
                return fault;
            }

            content = content[length..];
        }

        return content.IsEmpty ? AmqpFault.None : AmqpFault.Malformed;
    }

    private static AmqpFault CheckArray(ReadOnlySpan<byte> content, int count, int depth)
    {
        // An empty array without an element constructor is against the letter, and harmless.
        if (count == 0 && content.IsEmpty)
        {
            return AmqpFault.None;
        }

        if (MeasureConstructor(content, ref depth, out var constructor) is var fault and not AmqpFault.None)
        {
            return fault;
        }

        var code = content[constructor - 1];
        content = content[constructor..];
        if (FormatCode.IsFixed(code))
        {
            return CheckFixedElements(code, content, count);
        }

        if (count > content.Length)
        {
            return AmqpFault.CountTooLarge;
        }

        for (var i = 0; i < count; i++)
        {
            if ((fault = MeasureBody(code, content, depth, out var length)) != AmqpFault.None)
            {
                return fault;
            }

            content = content[length..];
        }

        return content.IsEmpty ? AmqpFault.None : AmqpFault.Malformed;
    }

    private static AmqpFault CheckFixedElements(byte code, ReadOnlySpan<byte> content, int count)
    {
        var width = FormatCode.Width(code);
        if (width == 0)
        {
            return count > AmqpLimits.ZeroWidthElements ? AmqpFault.TooMany : content.IsEmpty ? AmqpFault.None : AmqpFault.Malformed;
        }

        if ((long)count * width != content.Length)
        {
            return (long)count * width > content.Length ? AmqpFault.CountTooLarge : AmqpFault.Malformed;
        }

        return CheckFixed(code, content);
    }

    // One value or many of the same width: only two of these types have bytes that mean nothing.
    private static AmqpFault CheckFixed(byte code, ReadOnlySpan<byte> values)
    {
        if (code == FormatCode.Boolean)
        {
            return values.IndexOfAnyExceptInRange((byte)0, (byte)1) < 0 ? AmqpFault.None : AmqpFault.InvalidValue;
        }

        for (; code == FormatCode.Char && !values.IsEmpty; values = values[4..])
        {
            if (!Rune.IsValid(BinaryPrimitives.ReadUInt32BigEndian(values)))
            {
                return AmqpFault.InvalidValue;
            }
        }

        return AmqpFault.None;
    }

    internal static AmqpFault CheckText(byte code, ReadOnlySpan<byte> text)
    {
        var isValid = code switch
        {
            FormatCode.String8 or FormatCode.String32 => Utf8.IsValid(text),
            FormatCode.Symbol8 or FormatCode.Symbol32 => Ascii.IsValid(text),
            _ => true,
        };
        return isValid ? AmqpFault.None : AmqpFault.InvalidText;
    }
}
