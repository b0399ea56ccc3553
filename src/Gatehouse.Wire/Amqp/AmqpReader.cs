using System.Buffers.Binary;

namespace Gatehouse.Wire.Amqp;

/// <summary>A cursor over encoded values. Source: AMQP 1.0 part 1.</summary>
/// <remarks>
/// Every <c>Try…</c> returns false on malformed bytes or another type, sets <see cref="Fault"/> and stays where it is.
/// The reader of a list's fields knows how many there are: behind the last one every read gives null, as fields at the end may be left out.
/// Nothing is allocated but by the methods that return strings, arrays and objects.
/// </remarks>
public ref partial struct AmqpReader
{
    private const int Unbounded = -1;

    private readonly ReadOnlySpan<byte> bytes;

    // Values left in a list or map.
    private int left;

    /// <summary>Reads values until the bytes end.</summary>
    public AmqpReader(ReadOnlySpan<byte> bytes)
        : this(bytes, Unbounded)
    {
    }

    private AmqpReader(ReadOnlySpan<byte> bytes, int count)
    {
        this.bytes = bytes;
        left = count;
    }

    public int Position { get; private set; }

    /// <summary>Why the last read failed.</summary>
    public AmqpFault Fault { get; private set; }

    /// <summary>The bytes that were not read yet.</summary>
    public readonly ReadOnlySpan<byte> Remaining => bytes[Position..];

    /// <summary>No value is left: the bytes are at their end, or all values of the list or map are read.</summary>
    public readonly bool IsAtEnd => left == 0 || (left < 0 && Position == bytes.Length);

    /// <summary>Reads the descriptor of a described value; its value is next.</summary>
    /// <param name="code">One of <see cref="Descriptors"/>, another number, or <see cref="Descriptors.Unknown"/> for other symbols.</param>
    public bool TryReadDescriptor(out ulong code)
    {
        code = Descriptors.Unknown;
        if (!TryPeek(out var constructor))
        {
            return false;
        }

        if (constructor != FormatCode.Described)
        {
            return Fail(AmqpFault.WrongType);
        }

        var inner = new AmqpReader(bytes[(Position + 1)..]);
        if (!inner.TryPeek(out var type))
        {
            return Fail(AmqpFault.Truncated);
        }

        if (type is FormatCode.Symbol8 or FormatCode.Symbol32)
        {
            if (!inner.TryReadSymbolBytes(out var symbol, out _))
            {
                return Fail(inner.Fault);
            }

            code = Descriptors.FromSymbol(symbol);
        }
        else if (type == FormatCode.Null || !inner.TryReadULong(out var number))
        {
            return Fail(inner.Fault is AmqpFault.None or AmqpFault.WrongType ? AmqpFault.Descriptor : inner.Fault);
        }
        else
        {
            code = number.GetValueOrDefault();
        }

        // The value behind it is the same one for the count of a list.
        Position += 1 + inner.Position;
        return true;
    }

    /// <summary>Reads a list; the cursor moves past it.</summary>
    /// <param name="fields">Bounded to the list's values; finish with <see cref="TryEnd"/>.</param>
    /// <param name="count">Values of the list, at most one a byte.</param>
    public bool TryReadList(out AmqpReader fields, out int count)
    {
        fields = default;
        count = 0;
        if (!TryPeek(out var code))
        {
            return false;
        }

        return FormatCode.IsList(code) ? TryReadCompound(code, out fields, out count) : Fail(AmqpFault.WrongType);
    }

    /// <summary>Reads a map; null counts as empty. The cursor moves past it.</summary>
    /// <param name="entries">Bounded to the map's values, key and value in turn; finish with <see cref="TryEnd"/>.</param>
    /// <param name="count">Keys and values, an even number.</param>
    public bool TryReadMap(out AmqpReader entries, out int count)
    {
        entries = default;
        count = 0;
        if (!TryPeek(out var code))
        {
            return false;
        }

        if (code == FormatCode.Null)
        {
            return Consume(1);
        }

        if (!FormatCode.IsMap(code))
        {
            return Fail(AmqpFault.WrongType);
        }

        var start = this;
        if (!TryReadCompound(code, out entries, out count))
        {
            return false;
        }

        if ((count & 1) == 0)
        {
            return true;
        }

        this = start;
        return Fail(AmqpFault.OddMap);
    }

    /// <summary>Consumes a null, or a field that was left out; false when the next value is another one, without a fault.</summary>
    public bool TryReadNull() => TryPeek(out var code) && code == FormatCode.Null && Consume(1);

    /// <summary>Skips any one value, after a look at everything in it.</summary>
    public bool TrySkip() => TryReadRaw(out _);

    /// <summary>Any one value as its bytes, constructor included, checked like <see cref="TrySkip"/>. Empty for a field that was left out.</summary>
    public bool TryReadRaw(out ReadOnlySpan<byte> value)
    {
        value = default;
        if (left == 0)
        {
            return true;
        }

        if (ValueScanner.Measure(Remaining, 0, out var length) is var fault and not AmqpFault.None)
        {
            return Fail(fault);
        }

        value = bytes.Slice(Position, length);
        return Consume(length);
    }

    /// <summary>Skips what is left of a list or map and checks that its values filled its size; of other readers, that nothing is left.</summary>
    public bool TryEnd()
    {
        while (left > 0)
        {
            if (!TrySkip())
            {
                return false;
            }
        }

        return Position == bytes.Length || Fail(left == 0 ? AmqpFault.Malformed : AmqpFault.TrailingBytes);
    }

    /// <summary>As <see cref="TryReadRaw"/>, with null as empty: for fields of any type.</summary>
    internal bool TryReadOptional(out ReadOnlySpan<byte> value)
    {
        value = default;
        return TryReadNull() || TryReadRaw(out value);
    }

    /// <summary>The constructor of the next value, which stays.</summary>
    internal bool TryPeek(out byte code)
    {
        code = FormatCode.Null;
        if (left == 0)
        {
            return true;
        }

        if (Position == bytes.Length)
        {
            return Fail(AmqpFault.Truncated);
        }

        code = bytes[Position];
        return true;
    }

    internal bool Fail(AmqpFault fault)
    {
        Fault = fault;
        return false;
    }

    private bool TryReadCompound(byte code, out AmqpReader values, out int count)
    {
        values = default;
        count = 0;
        var body = bytes[(Position + 1)..];
        if (CompoundHeader.Read(code, body, out var header) is var fault and not AmqpFault.None)
        {
            return Fail(fault);
        }

        count = header.Count;
        values = new AmqpReader(body[header.ContentStart..header.Length], count);
        return Consume(1 + header.Length);
    }

    private bool Consume(int length)
    {
        if (left != 0)
        {
            Position += length;
            left -= left > 0 ? 1 : 0;
        }

        return true;
    }

    // The bytes of a value of fixed width, behind its constructor.
    private bool TryTake(byte code, out ReadOnlySpan<byte> data)
    {
        var width = FormatCode.Width(code);
        data = default;
        if (bytes.Length - Position - 1 < width)
        {
            return Fail(AmqpFault.Truncated);
        }

        data = bytes.Slice(Position + 1, width);
        return Consume(1 + width);
    }

    private bool TryTakeVariable(byte narrow, byte wide, out ReadOnlySpan<byte> value, out bool isNull)
    {
        value = default;
        isNull = false;
        if (!TryPeek(out var code))
        {
            return false;
        }

        if (code == FormatCode.Null)
        {
            isNull = true;
            return Consume(1);
        }

        if (code != narrow && code != wide)
        {
            return Fail(AmqpFault.WrongType);
        }

        var data = bytes[(Position + 1)..];
        var prefix = code == narrow ? 1 : 4;
        if (data.Length < prefix)
        {
            return Fail(AmqpFault.Truncated);
        }

        var size = prefix == 1 ? data[0] : BinaryPrimitives.ReadUInt32BigEndian(data);
        if (size > (uint)(data.Length - prefix))
        {
            return Fail(AmqpFault.Truncated);
        }

        value = data.Slice(prefix, (int)size);
        if (ValueScanner.CheckText(code, value) is var fault and not AmqpFault.None)
        {
            value = default;
            return Fail(fault);
        }

        return Consume(1 + prefix + (int)size);
    }
}
