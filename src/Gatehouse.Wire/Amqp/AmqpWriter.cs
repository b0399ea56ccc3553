using System.Buffers.Binary;
using System.Text;

namespace Gatehouse.Wire.Amqp;

/// <summary>Writes values in their shortest encoding. Source: AMQP 1.0 §1.6.</summary>
/// <remarks>Sizes of lists, maps and frames are filled in when they end; a mark is valid until then.</remarks>
public readonly ref struct AmqpWriter(AmqpBuffer buffer)
{
    private const int WideHeaderBytes = 9;
    private const int NarrowHeaderBytes = 3;

    public AmqpBuffer Buffer => buffer;

    public void Null() => Code(FormatCode.Null);

    public void Boolean(bool value) => Code(value ? FormatCode.True : FormatCode.False);

    public void UByte(byte value) => Narrow(FormatCode.UByte, value);

    public void Byte(sbyte value) => Narrow(FormatCode.Byte, (byte)value);

    public void UShort(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Wide(FormatCode.UShort, 2), value);

    public void Short(short value) => BinaryPrimitives.WriteInt16BigEndian(Wide(FormatCode.Short, 2), value);

    public void UInt(uint value)
    {
        if (value == 0)
        {
            Code(FormatCode.UInt0);
        }
        else if (value <= byte.MaxValue)
        {
            Narrow(FormatCode.SmallUInt, (byte)value);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(Wide(FormatCode.UInt, 4), value);
        }
    }

    public void ULong(ulong value)
    {
        if (value == 0)
        {
            Code(FormatCode.ULong0);
        }
        else if (value <= byte.MaxValue)
        {
            Narrow(FormatCode.SmallULong, (byte)value);
        }
        else
        {
            BinaryPrimitives.WriteUInt64BigEndian(Wide(FormatCode.ULong, 8), value);
        }
    }

    public void Int(int value)
    {
        if (value is >= sbyte.MinValue and <= sbyte.MaxValue)
        {
            Narrow(FormatCode.SmallInt, (byte)value);
        }
        else
        {
            BinaryPrimitives.WriteInt32BigEndian(Wide(FormatCode.Int, 4), value);
        }
    }

    public void Long(long value)
    {
        if (value is >= sbyte.MinValue and <= sbyte.MaxValue)
        {
            Narrow(FormatCode.SmallLong, (byte)value);
        }
        else
        {
            BinaryPrimitives.WriteInt64BigEndian(Wide(FormatCode.Long, 8), value);
        }
    }

    public void Float(float value) => BinaryPrimitives.WriteSingleBigEndian(Wide(FormatCode.Float, 4), value);

    public void Double(double value) => BinaryPrimitives.WriteDoubleBigEndian(Wide(FormatCode.Double, 8), value);

    public void Char(Rune value) => BinaryPrimitives.WriteInt32BigEndian(Wide(FormatCode.Char, 4), value.Value);

    public void Timestamp(long unixMilliseconds) => BinaryPrimitives.WriteInt64BigEndian(Wide(FormatCode.Timestamp, 8), unixMilliseconds);

    public void Uuid(Guid value) => value.TryWriteBytes(Wide(FormatCode.Uuid, 16), bigEndian: true, out _);

    public void Binary(ReadOnlySpan<byte> value) => value.CopyTo(Variable(FormatCode.Binary8, FormatCode.Binary32, value.Length));

    public void String(string value) => Encoding.UTF8.GetBytes(value, Variable(FormatCode.String8, FormatCode.String32, Encoding.UTF8.GetByteCount(value)));

    public void String(ReadOnlySpan<byte> utf8) => utf8.CopyTo(Variable(FormatCode.String8, FormatCode.String32, utf8.Length));

    /// <param name="value">ASCII; what is not becomes a question mark.</param>
    public void Symbol(string value) => Encoding.ASCII.GetBytes(value, Variable(FormatCode.Symbol8, FormatCode.Symbol32, value.Length));

    public void Symbol(ReadOnlySpan<byte> ascii) => ascii.CopyTo(Variable(FormatCode.Symbol8, FormatCode.Symbol32, ascii.Length));

    /// <summary>An array of symbols; null when there are none.</summary>
    public void Symbols(ReadOnlySpan<string> values)
    {
        if (values.IsEmpty)
        {
            Null();
            return;
        }

        var mark = BeginArray();
        var longest = 0;
        foreach (var value in values)
        {
            longest = Math.Max(longest, value.Length);
        }

        var isNarrow = longest <= byte.MaxValue;
        Code(isNarrow ? FormatCode.Symbol8 : FormatCode.Symbol32);
        foreach (var value in values)
        {
            Encoding.ASCII.GetBytes(value, Sized(isNarrow, value.Length));
        }

        EndArray(mark, values.Length);
    }

    /// <summary>Bytes that are already encoded.</summary>
    public void Raw(ReadOnlySpan<byte> encoded) => buffer.Write(encoded);

    /// <summary>Any value of an object tree; another type is a bug and throws.</summary>
    public void Object(object? value) => ObjectWriter.Write(this, value);

    /// <summary>The descriptor; the described value is to follow.</summary>
    public void Descriptor(ulong code)
    {
        Code(FormatCode.Described);
        ULong(code);
    }

    public int BeginList() => Begin(FormatCode.List32);

    /// <summary>Fills in size and count; a short list takes its short form.</summary>
    public void EndList(int mark, int count)
    {
        if (buffer.Length == mark + WideHeaderBytes)
        {
            buffer.Truncate(mark);
            Code(FormatCode.List0);
            return;
        }

        End(mark, count, FormatCode.List8);
    }

    public int BeginMap() => Begin(FormatCode.Map32);

    /// <param name="mark">What <see cref="BeginMap"/> gave.</param>
    /// <param name="count">Keys and values together.</param>
    public void EndMap(int mark, int count) => End(mark, count, FormatCode.Map8);

    /// <summary>An array; the elements' constructor and the elements without theirs are to follow.</summary>
    public int BeginArray() => Begin(FormatCode.Array32);

    public void EndArray(int mark, int count) => End(mark, count, FormatCode.Array8);

    /// <summary>Room for a frame's header; the body is to follow.</summary>
    public int BeginFrame(ushort channel, byte type = AmqpFrame.AmqpType)
    {
        var mark = buffer.Length;
        var header = buffer.Take(AmqpFrame.HeaderBytes);
        header[..4].Clear();
        header[4] = 2;
        header[5] = type;
        BinaryPrimitives.WriteUInt16BigEndian(header[6..], channel);
        return mark;
    }

    /// <summary>Fills in the size of the frame.</summary>
    public void EndFrame(int mark) => BinaryPrimitives.WriteInt32BigEndian(buffer.At(mark), buffer.Length - mark);

    internal void Code(byte code) => buffer.Take(1)[0] = code;

    internal Span<byte> Take(int count) => buffer.Take(count);

    /// <summary>Size prefix and room of one variable value.</summary>
    internal Span<byte> Sized(bool isNarrow, int size)
    {
        if (isNarrow)
        {
            buffer.Take(1)[0] = (byte)size;
        }
        else
        {
            BinaryPrimitives.WriteInt32BigEndian(buffer.Take(4), size);
        }

        return buffer.Take(size);
    }

    internal void EndWide(int mark, int count)
    {
        var header = buffer.At(mark);
        BinaryPrimitives.WriteInt32BigEndian(header[1..], buffer.Length - mark - 5);
        BinaryPrimitives.WriteInt32BigEndian(header[5..], count);
    }

    private int Begin(byte code)
    {
        var mark = buffer.Length;
        buffer.Take(WideHeaderBytes)[0] = code;
        return mark;
    }

    private void End(int mark, int count, byte narrow)
    {
        var content = buffer.Length - mark - WideHeaderBytes;
        if (content >= byte.MaxValue || count > byte.MaxValue)
        {
            EndWide(mark, count);
            return;
        }

        var span = buffer.At(mark);
        span[WideHeaderBytes..].CopyTo(span[NarrowHeaderBytes..]);
        span[0] = narrow;
        span[1] = (byte)(content + 1);
        span[2] = (byte)count;
        buffer.Truncate(mark + NarrowHeaderBytes + content);
    }

    private void Narrow(byte code, byte value)
    {
        var span = buffer.Take(2);
        span[0] = code;
        span[1] = value;
    }

    private Span<byte> Wide(byte code, int width)
    {
        var span = buffer.Take(1 + width);
        span[0] = code;
        return span[1..];
    }

    private Span<byte> Variable(byte narrow, byte wide, int size)
    {
        var isNarrow = size <= byte.MaxValue;
        Code(isNarrow ? narrow : wide);
        return Sized(isNarrow, size);
    }
}
