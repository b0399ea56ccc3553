using System.Text;

namespace Gatehouse.Wire.Amqp;

/// <summary>Writes object trees: own ones, and those that a reader made, whose depth is bounded.</summary>
internal static class ObjectWriter
{
    internal static void Write(AmqpWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.Null();
                break;
            case bool v:
                writer.Boolean(v);
                break;
            case string v:
                writer.String(v);
                break;
            case Symbol v:
                writer.Symbol(v.Value);
                break;
            case byte[] v:
                writer.Binary(v);
                break;
            case AmqpMap v:
                WriteMap(writer, v);
                break;
            case AmqpDescribed v:
                writer.Code(FormatCode.Described);
                WriteDescriptor(writer, v.Descriptor);
                Write(writer, v.Value);
                break;
            case List<object?> v:
                WriteList(writer, v);
                break;
            case object?[] v:
                ArrayWriter.Write(writer, v);
                break;
            default:
                WriteScalar(writer, value);
                break;
        }
    }

    internal static void WriteDescriptor(AmqpWriter writer, object descriptor)
    {
        if (descriptor is not (ulong or Symbol))
        {
            throw new ArgumentException($"{descriptor.GetType()} is no descriptor", nameof(descriptor));
        }

        Write(writer, descriptor);
    }

    private static void WriteScalar(AmqpWriter writer, object value)
    {
        switch (value)
        {
            case int v:
                writer.Int(v);
                break;
            case long v:
                writer.Long(v);
                break;
            case uint v:
                writer.UInt(v);
                break;
            case ulong v:
                writer.ULong(v);
                break;
            case AmqpTimestamp v:
                writer.Timestamp(v.UnixMilliseconds);
                break;
            case Guid v:
                writer.Uuid(v);
                break;
            case byte v:
                writer.UByte(v);
                break;
            case sbyte v:
                writer.Byte(v);
                break;
            case ushort v:
                writer.UShort(v);
                break;
            case short v:
                writer.Short(v);
                break;
            case float v:
                writer.Float(v);
                break;
            case double v:
                writer.Double(v);
                break;
            case Rune v:
                writer.Char(v);
                break;
            case AmqpDecimal v:
                writer.Code(DecimalCode(v));
                writer.Raw(v.Bytes.Span);
                break;
            default:
                throw new ArgumentException($"{value.GetType()} has no AMQP encoding", nameof(value));
        }
    }

    internal static byte DecimalCode(AmqpDecimal value) => value.Bytes.Length switch
    {
        4 => FormatCode.Decimal32,
        8 => FormatCode.Decimal64,
        16 => FormatCode.Decimal128,
        _ => throw new ArgumentException("a decimal has 4, 8 or 16 bytes", nameof(value)),
    };

    private static void WriteList(AmqpWriter writer, List<object?> list)
    {
        var mark = writer.BeginList();
        foreach (var item in list)
        {
            Write(writer, item);
        }

        writer.EndList(mark, list.Count);
    }

    private static void WriteMap(AmqpWriter writer, AmqpMap map)
    {
        var mark = writer.BeginMap();
        foreach (var pair in map)
        {
            Write(writer, pair.Key);
            Write(writer, pair.Value);
        }

        writer.EndMap(mark, 2 * map.Count);
    }
}
