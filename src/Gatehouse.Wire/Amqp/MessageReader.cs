namespace Gatehouse.Wire.Amqp;

/// <summary>Walks the sections of an encoded message. Source: AMQP 1.0 §3.2.</summary>
/// <remarks>
/// In any order: the C device client writes properties before annotations. Each section is checked down to its leaves, may appear once
/// (but for data and sequences, which may repeat), and only one kind of body is allowed, so that no two readers can see different messages.
/// </remarks>
public ref struct MessageReader(ReadOnlySpan<byte> message)
{
    private const int BodySections = (1 << 5) | (1 << 6) | (1 << 7);

    private AmqpReader reader = new(message);
    private int seen;

    /// <summary>Which section: <see cref="Descriptors.Header"/> … <see cref="Descriptors.Footer"/>.</summary>
    public ulong Section { get; private set; }

    /// <summary>The section's value, constructor included.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Not None when <see cref="Read"/> gave false before the end.</summary>
    public AmqpFault Fault { get; private set; }

    /// <summary>Bytes read so far: where the next section starts.</summary>
    public readonly int Position => reader.Position;

    /// <summary>Moves to the next section; false at the end or on a fault.</summary>
    public bool Read()
    {
        if (Fault != AmqpFault.None || reader.IsAtEnd)
        {
            return false;
        }

        if (!reader.TryReadDescriptor(out var code))
        {
            return Fail(reader.Fault);
        }

        if (code is < Descriptors.Header or > Descriptors.Footer)
        {
            return Fail(AmqpFault.UnknownSection);
        }

        if (!reader.TryReadRaw(out var value))
        {
            return Fail(reader.Fault);
        }

        if (!IsOfSection(code, value[0]))
        {
            return Fail(AmqpFault.WrongType);
        }

        if (!Admit(code))
        {
            return Fail(AmqpFault.SectionRepeated);
        }

        Section = code;
        Value = value;
        return true;
    }

    private bool Admit(ulong code)
    {
        var bit = 1 << (int)(code - Descriptors.Header);
        var conflicts = (bit & BodySections) == 0 ? bit
            : code == Descriptors.AmqpValue ? BodySections
            : BodySections & ~bit;
        var isAdmitted = (seen & conflicts) == 0;
        seen |= bit;
        return isAdmitted;
    }

    // Null stands for an empty map.
    private static bool IsOfSection(ulong section, byte code) => section switch
    {
        Descriptors.Header or Descriptors.Properties => FormatCode.IsList(code),
        Descriptors.AmqpSequence => FormatCode.IsList(code),
        Descriptors.Data => code is FormatCode.Binary8 or FormatCode.Binary32,
        Descriptors.AmqpValue => true,
        _ => code == FormatCode.Null || FormatCode.IsMap(code),
    };

    private bool Fail(AmqpFault fault)
    {
        Fault = fault;
        return false;
    }
}
