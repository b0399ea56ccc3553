using System.Buffers.Binary;
using System.Text;

namespace Gatehouse.Wire.Amqp;

/// <summary>Makes the object tree of one value that <see cref="ValueScanner"/> has measured: only the number of objects is left to be judged.</summary>
/// <remarks>What a list, map or array announces is charged before its room is allocated, so nested announcements cannot add up.</remarks>
internal ref struct ObjectBuilder
{
    private readonly ReadOnlySpan<byte> bytes;
    private int position;
    private int budget;
    private AmqpFault fault;

    private ObjectBuilder(ReadOnlySpan<byte> bytes)
    {
        this.bytes = bytes;
        budget = AmqpLimits.Objects - 1;
    }

    /// <param name="measured">Exactly one value, measured.</param>
    /// <param name="value">The tree.</param>
    /// <param name="fault">TooMany, or a map with a null as key.</param>
    internal static bool TryBuild(ReadOnlySpan<byte> measured, out object? value, out AmqpFault fault)
    {
        var builder = new ObjectBuilder(measured);
        value = builder.Value();
        fault = builder.fault;
        value = fault == AmqpFault.None ? value : null;
        return fault == AmqpFault.None;
    }

    private object? Value()
    {
        var code = bytes[position++];
        if (code != FormatCode.Described)
        {
            return Body(code);
        }

        if (!Charge(2))
        {
            return null;
        }

        var descriptor = Body(bytes[position++])!;
        return new AmqpDescribed(descriptor, Value());
    }

    private object? Body(byte code)
    {
        if (FormatCode.IsVariable(code))
        {
            return Variable(code);
        }

        if (FormatCode.IsFixed(code))
        {
            return code == FormatCode.List0 ? new List<object?>() : Fixed(code, Take(FormatCode.Width(code)));
        }

        _ = CompoundHeader.Read(code, bytes[position..], out var header);
        position += header.ContentStart;
        if (!Charge(header.Count))
        {
            return null;
        }

        return FormatCode.IsList(code) ? List(header.Count) : FormatCode.IsMap(code) ? Map(header.Count / 2) : Array(header);
    }

    private List<object?> List(int count)
    {
        var list = new List<object?>(count);
        for (var i = 0; i < count && fault == AmqpFault.None; i++)
        {
            list.Add(Value());
        }

        return list;
    }

    private AmqpMap Map(int count)
    {
        var map = new AmqpMap(count);
        for (var i = 0; i < count && fault == AmqpFault.None; i++)
        {
            if (Value() is not { } key)
            {
                fault = fault == AmqpFault.None ? AmqpFault.InvalidValue : fault;
                break;
            }

            map.Add(key, Value());
        }

        return map;
    }

    private object?[] Array(CompoundHeader header)
    {
        if (header.Count == 0)
        {
            position += header.Length - header.ContentStart;
            return [];
        }

        var depth = 0;
        _ = ValueScanner.MeasureConstructor(bytes[position..], ref depth, out _);

        // Made once for all elements: a long symbol shared by many elements would multiply.
        var descriptors = depth == 0 ? [] : new object[depth];
        for (var i = 0; i < depth; i++)
        {
            position++;
            descriptors[i] = Body(bytes[position++])!;
        }

        var code = bytes[position++];
        var elements = new object?[header.Count];
        for (var i = 0; i < elements.Length && fault == AmqpFault.None; i++)
        {
            elements[i] = Describe(descriptors, Body(code));
        }

        return elements;
    }

    // The descriptors of an array's constructor hold for each element; the first one is the outermost.
    private object? Describe(object[] descriptors, object? value)
    {
        for (var i = descriptors.Length - 1; i >= 0 && Charge(2); i--)
        {
            value = new AmqpDescribed(descriptors[i], value);
        }

        return value;
    }

    private object Variable(byte code)
    {
        var size = code < FormatCode.Binary32 ? Take(1)[0] : BinaryPrimitives.ReadInt32BigEndian(Take(4));
        var data = Take(size);
        return code switch
        {
            FormatCode.Binary8 or FormatCode.Binary32 => data.ToArray(),
            FormatCode.String8 or FormatCode.String32 => Encoding.UTF8.GetString(data),
            _ => new Symbol(Encoding.ASCII.GetString(data)),
        };
    }

    private static object? Fixed(byte code, ReadOnlySpan<byte> data) => code switch
    {
        FormatCode.Null => null,
        FormatCode.True => true,
        FormatCode.False => false,
        FormatCode.Boolean => data[0] == 1,
        FormatCode.Float => BinaryPrimitives.ReadSingleBigEndian(data),
        FormatCode.Double => BinaryPrimitives.ReadDoubleBigEndian(data),
        FormatCode.Char => new Rune(BinaryPrimitives.ReadUInt32BigEndian(data)),
        FormatCode.Uuid => new Guid(data, bigEndian: true),
        FormatCode.Decimal32 or FormatCode.Decimal64 or FormatCode.Decimal128 => new AmqpDecimal(data.ToArray()),
        _ => Number(code, AmqpReader.NumberValue(code, data)),
    };

    private static object Number(byte code, long number) => code switch
    {
        FormatCode.UByte => (byte)number,
        FormatCode.Byte => (sbyte)number,
        FormatCode.UShort => (ushort)number,
        FormatCode.Short => (short)number,
        FormatCode.UInt or FormatCode.SmallUInt or FormatCode.UInt0 => (uint)number,
        FormatCode.Int or FormatCode.SmallInt => (int)number,
        FormatCode.ULong or FormatCode.SmallULong or FormatCode.ULong0 => (ulong)number,
        FormatCode.Timestamp => new AmqpTimestamp(number),
        _ => number,
    };

    private bool Charge(int objects)
    {
        budget = objects > budget ? -1 : budget - objects;
        fault = budget < 0 ? AmqpFault.TooMany : fault;
        return fault == AmqpFault.None;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        var data = bytes.Slice(position, length);
        position += length;
        return data;
    }
}
