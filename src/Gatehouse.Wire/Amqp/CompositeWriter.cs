namespace Gatehouse.Wire.Amqp;

/// <summary>Writes a described list field by field and leaves out the nulls at its end. Source: AMQP 1.0 §1.4.</summary>
public ref struct CompositeWriter
{
    private readonly AmqpWriter writer;
    private readonly int mark;
    private int count;
    private int keptCount;
    private int keptLength;

    /// <summary>Writes the descriptor and begins the list.</summary>
    public CompositeWriter(AmqpWriter writer, ulong descriptor)
    {
        this.writer = writer;
        writer.Descriptor(descriptor);
        mark = writer.BeginList();
        keptLength = writer.Buffer.Length;
    }

    public void Null()
    {
        writer.Null();
        count++;
    }

    public void Boolean(bool? value)
    {
        if (IsSet(value.HasValue))
        {
            writer.Boolean(value.GetValueOrDefault());
            Keep();
        }
    }

    public void UByte(byte? value)
    {
        if (IsSet(value.HasValue))
        {
            writer.UByte(value.GetValueOrDefault());
            Keep();
        }
    }

    public void UShort(ushort? value)
    {
        if (IsSet(value.HasValue))
        {
            writer.UShort(value.GetValueOrDefault());
            Keep();
        }
    }

    public void UInt(uint? value)
    {
        if (IsSet(value.HasValue))
        {
            writer.UInt(value.GetValueOrDefault());
            Keep();
        }
    }

    public void ULong(ulong? value)
    {
        if (IsSet(value.HasValue))
        {
            writer.ULong(value.GetValueOrDefault());
            Keep();
        }
    }

    public void Timestamp(long? unixMilliseconds)
    {
        if (IsSet(unixMilliseconds.HasValue))
        {
            writer.Timestamp(unixMilliseconds.GetValueOrDefault());
            Keep();
        }
    }

    public void String(string? value)
    {
        if (IsSet(value is not null))
        {
            writer.String(value!);
            Keep();
        }
    }

    /// <summary>UTF-8; empty is left out.</summary>
    public void String(ReadOnlySpan<byte> utf8)
    {
        if (IsSet(!utf8.IsEmpty))
        {
            writer.String(utf8);
            Keep();
        }
    }

    public void Symbol(string? value)
    {
        if (IsSet(value is not null))
        {
            writer.Symbol(value!);
            Keep();
        }
    }

    /// <summary>ASCII; empty is left out.</summary>
    public void Symbol(ReadOnlySpan<byte> ascii)
    {
        if (IsSet(!ascii.IsEmpty))
        {
            writer.Symbol(ascii);
            Keep();
        }
    }

    public void Symbols(ReadOnlySpan<string> values)
    {
        if (IsSet(!values.IsEmpty))
        {
            writer.Symbols(values);
            Keep();
        }
    }

    public void Binary(ReadOnlySpan<byte> value, bool isNull)
    {
        if (IsSet(!isNull))
        {
            writer.Binary(value);
            Keep();
        }
    }

    /// <summary>One encoded value; empty is left out.</summary>
    public void Raw(ReadOnlySpan<byte> encoded)
    {
        if (IsSet(!encoded.IsEmpty))
        {
            writer.Raw(encoded);
            Keep();
        }
    }

    public void Map(AmqpMap? value)
    {
        if (IsSet(value is not null))
        {
            writer.Object(value);
            Keep();
        }
    }

    public void Error(AmqpError? value)
    {
        if (IsSet(value is not null))
        {
            value!.Write(writer);
            Keep();
        }
    }

    /// <summary>Any value of an object tree.</summary>
    public void Object(object? value)
    {
        if (IsSet(value is not null))
        {
            writer.Object(value);
            Keep();
        }
    }

    /// <summary>Ends the list.</summary>
    public readonly void End()
    {
        writer.Buffer.Truncate(keptLength);
        writer.EndList(mark, keptCount);
    }

    private bool IsSet(bool hasValue)
    {
        if (!hasValue)
        {
            Null();
        }

        return hasValue;
    }

    private void Keep()
    {
        keptCount = ++count;
        keptLength = writer.Buffer.Length;
    }
}
