namespace Gatehouse.Wire.Amqp;

/// <summary>Walks application properties or annotations, in place.</summary>
/// <remarks>Keys of annotations may be ulong, a reserved form: such pairs are passed over. A key that is repeated is given repeatedly.</remarks>
public ref struct MapReader
{
    private AmqpReader entries;

    /// <param name="value">What <see cref="MessageReader"/> gives for a section that is a map; null or nothing is an empty map.</param>
    public MapReader(ReadOnlySpan<byte> value)
    {
        var reader = new AmqpReader(value);
        if (!value.IsEmpty && !reader.TryReadMap(out entries, out _))
        {
            Fault = reader.Fault;
        }
    }

    /// <summary>Name of the pair, string or symbol, as UTF-8.</summary>
    public ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>The value, constructor included.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Not None when <see cref="Read"/> gave false before the end.</summary>
    public AmqpFault Fault { get; private set; }

    public readonly bool IsNull => Value.IsEmpty || Value[0] == FormatCode.Null;

    /// <summary>Room that <see cref="TryFormatValue"/> needs at most for this value. Bytes.</summary>
    public readonly int MaxTextBytes => ValueText.MaxBytes(Value.Length);

    /// <summary>Moves to the next pair; false at the end or on a fault.</summary>
    public bool Read()
    {
        while (Fault == AmqpFault.None && !entries.IsAtEnd)
        {
            if (!entries.TryPeek(out var code))
            {
                return Fail(entries.Fault);
            }

            if (code is FormatCode.ULong or FormatCode.SmallULong or FormatCode.ULong0)
            {
                if (!entries.TrySkip() || !entries.TrySkip())
                {
                    return Fail(entries.Fault);
                }

                continue;
            }

            if (!entries.TryReadTextBytes(out var text, out var isNull) || !entries.TryReadRaw(out var value))
            {
                return Fail(entries.Fault);
            }

            if (isNull)
            {
                return Fail(AmqpFault.WrongType);
            }

            Key = text;
            Value = value;
            return true;
        }

        return Fault == AmqpFault.None && !entries.TryEnd() && Fail(entries.Fault);
    }

    /// <summary>Writes the value as UTF-8 text: how typed properties of AMQP clients become the text properties of devices.</summary>
    /// <param name="target">At least <see cref="MaxTextBytes"/>.</param>
    /// <param name="written">Bytes written.</param>
    /// <param name="isNull">The value is null; nothing is written.</param>
    /// <returns>False for lists, maps, arrays, described values and decimals, and when there is too little room.</returns>
    public readonly bool TryFormatValue(Span<byte> target, out int written, out bool isNull) => ValueText.TryFormat(Value, target, out written, out isNull);

    /// <summary>The value when it is a string or a symbol.</summary>
    public readonly bool TryGetString(out ReadOnlySpan<byte> utf8) => new AmqpReader(Value).TryReadTextBytes(out utf8, out var isNull) && !isNull;

    public readonly bool TryGetBoolean(out bool value)
    {
        var isRead = new AmqpReader(Value).TryReadBoolean(out var read) && read.HasValue;
        value = isRead && read.GetValueOrDefault();
        return isRead;
    }

    /// <summary>The value when it is an int, of which some clients make a long.</summary>
    public readonly bool TryGetInt(out int value)
    {
        var isRead = TryGetInteger(out var number) && number is >= int.MinValue and <= int.MaxValue;
        value = isRead ? (int)number : 0;
        return isRead;
    }

    /// <summary>The value when it is an integer of any width that fits a long.</summary>
    public readonly bool TryGetInteger(out long value) => ValueText.TryGetInteger(Value, out value);

    /// <summary>Unix time, milliseconds, when the value is a timestamp.</summary>
    public readonly bool TryGetTimestamp(out long unixMilliseconds)
    {
        var isRead = new AmqpReader(Value).TryReadTimestamp(out var read) && read.HasValue;
        unixMilliseconds = read.GetValueOrDefault();
        return isRead;
    }

    private bool Fail(AmqpFault fault)
    {
        Fault = fault;
        return false;
    }
}
