namespace Gatehouse.Wire.Amqp;

/// <summary>Type of a message-id or correlation-id. Source: AMQP 1.0 §3.2.11–§3.2.14.</summary>
public enum MessageIdKind
{
    None,
    String,
    ULong,
    Uuid,
    Binary,
}

/// <summary>A message-id or correlation-id.</summary>
public readonly ref struct MessageId
{
    private MessageId(ReadOnlySpan<byte> raw, MessageIdKind kind)
    {
        Raw = raw;
        Kind = kind;
    }

    public MessageIdKind Kind { get; }

    /// <summary>The value with its constructor: echoed as it is, it keeps its type. Empty when there is none.</summary>
    public ReadOnlySpan<byte> Raw { get; }

    /// <summary>Room that <see cref="FormatTo"/> needs at most. Bytes.</summary>
    public int MaxTextBytes => ValueText.MaxBytes(Raw.Length);

    /// <summary>Writes the id as UTF-8 text: a uuid with hyphens, a binary as it is when it is text and else in base64.</summary>
    /// <returns>Bytes written; 0 when there is no id or too little room.</returns>
    public int FormatTo(Span<byte> target) => Kind != MessageIdKind.None && ValueText.TryFormat(Raw, target, out var written, out _) ? written : 0;

    internal static bool TryRead(scoped ref AmqpReader fields, out MessageId id)
    {
        id = default;
        if (!fields.TryReadOptional(out var raw))
        {
            return false;
        }

        if (raw.IsEmpty)
        {
            return true;
        }

        var kind = raw[0] switch
        {
            FormatCode.String8 or FormatCode.String32 => MessageIdKind.String,
            FormatCode.ULong or FormatCode.SmallULong or FormatCode.ULong0 => MessageIdKind.ULong,
            FormatCode.Uuid => MessageIdKind.Uuid,
            FormatCode.Binary8 or FormatCode.Binary32 => MessageIdKind.Binary,
            _ => MessageIdKind.None,
        };
        id = new MessageId(raw, kind);
        return kind != MessageIdKind.None || fields.Fail(AmqpFault.WrongType);
    }
}
