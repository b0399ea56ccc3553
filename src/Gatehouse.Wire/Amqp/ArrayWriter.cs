using System.Buffers.Binary;
using System.Text;

namespace Gatehouse.Wire.Amqp;

/// <summary>Writes arrays: one constructor for all elements, in its widest form, then the elements without theirs. Source: AMQP 1.0 §1.6.25.</summary>
/// <remarks>Elements of different types are a bug of the caller and throw; a reader never makes such an array.</remarks>
internal static class ArrayWriter
{
    internal static void Write(AmqpWriter writer, object?[] elements)
    {
        var mark = writer.BeginArray();
        WriteContent(writer, elements);
        writer.EndArray(mark, elements.Length);
    }

    private static void WriteContent(AmqpWriter writer, object?[] elements)
    {
        if (elements.Length == 0)
        {
            writer.Code(elements is string[] ? FormatCode.String32 : FormatCode.Null);
            return;
        }

        var first = elements[0];
        while (first is AmqpDescribed described)
        {
            writer.Code(FormatCode.Described);
            ObjectWriter.WriteDescriptor(writer, described.Descriptor);
            first = described.Value;
        }

        var code = CodeOf(first);
        writer.Code(code);
        foreach (var element in elements)
        {
            var value = Undescribed(element, elements[0]);
            if (CodeOf(value) != code)
            {
                throw new ArgumentException("an array holds elements of one type", nameof(elements));
            }

            WriteElement(writer, value);
        }
    }

    private static object? Undescribed(object? element, object? model)
    {
        while (model is AmqpDescribed expected)
        {
            if (element is not AmqpDescribed described || !described.Descriptor.Equals(expected.Descriptor))
            {
                throw new ArgumentException("an array holds elements of one description", nameof(element));
            }

            (element, model) = (described.Value, expected.Value);
        }

        return element;
    }

    private static byte CodeOf(object? value) => value switch
    {
        null => FormatCode.Null,
        bool => FormatCode.Boolean,
        byte => FormatCode.UByte,
        sbyte => FormatCode.Byte,
        ushort => FormatCode.UShort,
        short => FormatCode.Short,
        uint => FormatCode.UInt,
        int => FormatCode.Int,
        ulong => FormatCode.ULong,
        long => FormatCode.Long,
        float => FormatCode.Float,
        double => FormatCode.Double,
        Rune => FormatCode.Char,
        AmqpTimestamp => FormatCode.Timestamp,
        Guid => FormatCode.Uuid,
        AmqpDecimal v => ObjectWriter.DecimalCode(v),
        byte[] => FormatCode.Binary32,
        string => FormatCode.String32,
        Symbol => FormatCode.Symbol32,
        List<object?> => FormatCode.List32,
        AmqpMap => FormatCode.Map32,
        object?[] => FormatCode.Array32,
        _ => throw new ArgumentException($"{value.GetType()} cannot be an element of an array", nameof(value)),
    };

    private static void WriteElement(AmqpWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                break;
            case string v:
                Encoding.UTF8.GetBytes(v, writer.Sized(isNarrow: false, Encoding.UTF8.GetByteCount(v)));
                break;
            case Symbol v:
                Encoding.ASCII.GetBytes(v.Value, writer.Sized(isNarrow: false, v.Value.Length));
                break;
            case byte[] v:
                v.CopyTo(writer.Sized(isNarrow: false, v.Length));
                break;
            case AmqpDecimal v:
                writer.Raw(v.Bytes.Span);
                break;
            case List<object?> or AmqpMap or object?[]:
                WriteCompound(writer, value);
                break;
            default:
                WriteFixed(writer, value);
                break;
        }
    }

    // The constructor stands before the first element: only size, count and values are written.
    private static void WriteCompound(AmqpWriter writer, object value)
    {
        var mark = writer.Buffer.Length - 1;
        _ = writer.Take(8);
        var count = 0;
        switch (value)
        {
            case List<object?> list:
                foreach (var item in list)
                {
                    ObjectWriter.Write(writer, item);
                }

                count = list.Count;
                break;
            case AmqpMap map:
                foreach (var pair in map)
                {
                    ObjectWriter.Write(writer, pair.Key);
                    ObjectWriter.Write(writer, pair.Value);
                }

                count = 2 * map.Count;
                break;
            case object?[] array:
                WriteContent(writer, array);
                count = array.Length;
                break;
        }

        writer.EndWide(mark, count);
    }

    private static void WriteFixed(AmqpWriter writer, object value)
    {
        switch (value)
        {
            case bool v:
                writer.Code(v ? (byte)1 : (byte)0);
                break;
            case byte v:
                writer.Code(v);
                break;
            case sbyte v:
                writer.Code((byte)v);
                break;
            case ushort v:
                BinaryPrimitives.WriteUInt16BigEndian(writer.Take(2), v);
                break;
            case short v:
                BinaryPrimitives.WriteInt16BigEndian(writer.Take(2), v);
                break;
            case float v:
                BinaryPrimitives.WriteSingleBigEndian(writer.Take(4), v);
                break;
            case uint v:
                BinaryPrimitives.WriteUInt32BigEndian(writer.Take(4), v);
                break;
            case int v:
                BinaryPrimitives.WriteInt32BigEndian(writer.Take(4), v);
                break;
            case Rune v:
                BinaryPrimitives.WriteInt32BigEndian(writer.Take(4), v.Value);
                break;
            case double v:
                BinaryPrimitives.WriteDoubleBigEndian(writer.Take(8), v);
                break;
            case ulong v:
                BinaryPrimitives.WriteUInt64BigEndian(writer.Take(8), v);
                break;
            case long v:
                BinaryPrimitives.WriteInt64BigEndian(writer.Take(8), v);
                break;
            case AmqpTimestamp v:
                BinaryPrimitives.WriteInt64BigEndian(writer.Take(8), v.UnixMilliseconds);
                break;
            case Guid v:
                v.TryWriteBytes(writer.Take(16), bigEndian: true, out _);
                break;
        }
    }
}
