using System.Buffers.Binary;
using System.Text;

namespace Gatehouse.Wire.Amqp;

/// <content>One method a type. All encodings of the type are accepted; null gives null.</content>
public ref partial struct AmqpReader
{
    public bool TryReadBoolean(out bool? value)
    {
        value = null;
        if (!TryPeek(out var code))
        {
            return false;
        }

        switch (code)
        {
            case FormatCode.Null:
                return Consume(1);
            case FormatCode.True or FormatCode.False:
                value = code == FormatCode.True;
                return Consume(1);
            case FormatCode.Boolean when bytes.Length - Position > 1:
                if (bytes[Position + 1] > 1)
                {
                    return Fail(AmqpFault.InvalidValue);
                }

                value = bytes[Position + 1] == 1;
                return Consume(2);
            default:
                return Fail(code == FormatCode.Boolean ? AmqpFault.Truncated : AmqpFault.WrongType);
        }
    }

    public bool TryReadUByte(out byte? value)
    {
        var isRead = TryReadNumber(FormatCode.UByte, FormatCode.UByte, FormatCode.UByte, out var number);
        value = (byte?)number;
        return isRead;
    }

    public bool TryReadUShort(out ushort? value)
    {
        var isRead = TryReadNumber(FormatCode.UShort, FormatCode.UShort, FormatCode.UShort, out var number);
        value = (ushort?)number;
        return isRead;
    }

    public bool TryReadUInt(out uint? value)
    {
        var isRead = TryReadNumber(FormatCode.UInt0, FormatCode.SmallUInt, FormatCode.UInt, out var number);
        value = (uint?)number;
        return isRead;
    }

    public bool TryReadULong(out ulong? value)
    {
        var isRead = TryReadNumber(FormatCode.ULong0, FormatCode.SmallULong, FormatCode.ULong, out var number);
        value = (ulong?)number;
        return isRead;
    }

    public bool TryReadInt(out int? value)
    {
        var isRead = TryReadNumber(FormatCode.SmallInt, FormatCode.SmallInt, FormatCode.Int, out var number);
        value = (int?)number;
        return isRead;
    }

    public bool TryReadLong(out long? value) => TryReadNumber(FormatCode.SmallLong, FormatCode.SmallLong, FormatCode.Long, out value);

    /// <param name="unixMilliseconds">Any long: convert with care.</param>
    public bool TryReadTimestamp(out long? unixMilliseconds) =>
        TryReadNumber(FormatCode.Timestamp, FormatCode.Timestamp, FormatCode.Timestamp, out unixMilliseconds);

    public bool TryReadUuid(out Guid? value)
    {
        value = null;
        if (!TryPeek(out var code))
        {
            return false;
        }

        if (code == FormatCode.Null)
        {
            return Consume(1);
        }

        if (code != FormatCode.Uuid)
        {
            return Fail(AmqpFault.WrongType);
        }

        if (!TryTake(code, out var data))
        {
            return false;
        }

        value = new Guid(data, bigEndian: true);
        return true;
    }

    public bool TryReadBinary(out ReadOnlySpan<byte> value, out bool isNull) => TryTakeVariable(FormatCode.Binary8, FormatCode.Binary32, out value, out isNull);

    /// <param name="utf8">Valid UTF-8.</param>
    /// <param name="isNull">Tells null from the empty string.</param>
    public bool TryReadStringBytes(out ReadOnlySpan<byte> utf8, out bool isNull) => TryTakeVariable(FormatCode.String8, FormatCode.String32, out utf8, out isNull);

    /// <param name="ascii">ASCII.</param>
    /// <param name="isNull">Tells null from the empty symbol.</param>
    public bool TryReadSymbolBytes(out ReadOnlySpan<byte> ascii, out bool isNull) => TryTakeVariable(FormatCode.Symbol8, FormatCode.Symbol32, out ascii, out isNull);

    /// <summary>A string or a symbol: some clients mix them up.</summary>
    public bool TryReadTextBytes(out ReadOnlySpan<byte> utf8, out bool isNull)
    {
        utf8 = default;
        isNull = false;
        return TryPeek(out var code) && (code is FormatCode.Symbol8 or FormatCode.Symbol32 ? TryReadSymbolBytes(out utf8, out isNull) : TryReadStringBytes(out utf8, out isNull));
    }

    public bool TryReadString(out string? value)
    {
        var isRead = TryReadStringBytes(out var utf8, out var isNull);
        value = isRead && !isNull ? Encoding.UTF8.GetString(utf8) : null;
        return isRead;
    }

    public bool TryReadSymbol(out string? value)
    {
        var isRead = TryReadSymbolBytes(out var ascii, out var isNull);
        value = isRead && !isNull ? Encoding.ASCII.GetString(ascii) : null;
        return isRead;
    }

    /// <summary>A field that may have several symbols: one symbol, an array of them, or null for none. Source: AMQP 1.0 §1.4, multiple.</summary>
    public bool TryReadSymbols(out string[] values)
    {
        values = [];
        if (!TryPeek(out var code))
        {
            return false;
        }

        if (!FormatCode.IsArray(code))
        {
            if (!TryReadSymbol(out var single))
            {
                return false;
            }

            values = single is null ? [] : [single];
            return true;
        }

        // Measured and judged as a whole first, so that what follows only walks.
        var start = this;
        if (!TryReadRaw(out var raw))
        {
            return false;
        }

        _ = CompoundHeader.Read(code, raw[1..], out var header);
        var elements = raw[(1 + header.ContentStart)..];
        if (header.Count == 0)
        {
            return true;
        }

        if (header.Count > AmqpLimits.Symbols || elements[0] is not (FormatCode.Symbol8 or FormatCode.Symbol32))
        {
            this = start;
            return Fail(header.Count > AmqpLimits.Symbols ? AmqpFault.TooMany : AmqpFault.WrongType);
        }

        values = ReadSymbolElements(elements[0], elements[1..], header.Count);
        return true;
    }

    /// <summary>Any one value as an object tree.</summary>
    /// <param name="value">
    /// null, bool, byte, sbyte, ushort, short, uint, int, ulong, long, float, double, <see cref="Rune"/> (char), <see cref="AmqpTimestamp"/>, <see cref="Guid"/>, byte[], string,
    /// <see cref="Symbol"/>, <see cref="AmqpDecimal"/>, List&lt;object?&gt;, <see cref="AmqpMap"/>, object?[] (array), <see cref="AmqpDescribed"/>.
    /// </param>
    public bool TryReadObject(out object? value)
    {
        value = null;
        var start = this;
        if (!TryReadRaw(out var raw))
        {
            return false;
        }

        if (raw.IsEmpty || ObjectBuilder.TryBuild(raw, out value, out var fault))
        {
            return true;
        }

        this = start;
        return Fail(fault);
    }

    /// <summary>A map as an object tree, or null: the properties and info fields.</summary>
    public bool TryReadMapObject(out AmqpMap? map)
    {
        map = null;
        if (!TryPeek(out var code))
        {
            return false;
        }

        if (code != FormatCode.Null && !FormatCode.IsMap(code))
        {
            return Fail(AmqpFault.WrongType);
        }

        var isRead = TryReadObject(out var value);
        map = value as AmqpMap;
        return isRead;
    }

    private static string[] ReadSymbolElements(byte code, ReadOnlySpan<byte> elements, int count)
    {
        var values = new string[count];
        for (var i = 0; i < count; i++)
        {
            var prefix = code == FormatCode.Symbol8 ? 1 : 4;
            var size = prefix == 1 ? elements[0] : BinaryPrimitives.ReadInt32BigEndian(elements);
            values[i] = Encoding.ASCII.GetString(elements.Slice(prefix, size));
            elements = elements[(prefix + size)..];
        }

        return values;
    }

    // A number of one of three encodings, widened with its sign. Types with fewer encodings repeat one.
    private bool TryReadNumber(byte zero, byte small, byte wide, out long? value)
    {
        value = null;
        if (!TryPeek(out var code))
        {
            return false;
        }

        if (code == FormatCode.Null)
        {
            return Consume(1);
        }

        if (code != zero && code != small && code != wide)
        {
            return Fail(AmqpFault.WrongType);
        }

        if (!TryTake(code, out var data))
        {
            return false;
        }

        value = NumberValue(code, data);
        return true;
    }

    internal static long NumberValue(byte code, ReadOnlySpan<byte> data) => code switch
    {
        FormatCode.SmallInt or FormatCode.SmallLong or FormatCode.Byte => (sbyte)data[0],
        FormatCode.Short => BinaryPrimitives.ReadInt16BigEndian(data),
        FormatCode.Int => BinaryPrimitives.ReadInt32BigEndian(data),
        _ => data.Length switch
        {
            0 => 0,
            1 => data[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(data),
            4 => BinaryPrimitives.ReadUInt32BigEndian(data),
            _ => BinaryPrimitives.ReadInt64BigEndian(data),
        },
    };
}
