namespace Gatehouse.Wire.Amqp;

/// <summary>The properties section, in place: an absent field is an empty span or null. Source: AMQP 1.0 §3.2.4.</summary>
public readonly ref struct PropertiesReader
{
    public MessageId MessageId { get; private init; }

    /// <summary>Any bytes; UTF-8 with the known clients.</summary>
    public ReadOnlySpan<byte> UserId { get; private init; }

    /// <summary>UTF-8; empty when it is not a string.</summary>
    public ReadOnlySpan<byte> To { get; private init; }

    public ReadOnlySpan<byte> Subject { get; private init; }

    /// <summary>UTF-8; empty when it is not a string.</summary>
    public ReadOnlySpan<byte> ReplyTo { get; private init; }

    public MessageId CorrelationId { get; private init; }

    public ReadOnlySpan<byte> ContentType { get; private init; }

    public ReadOnlySpan<byte> ContentEncoding { get; private init; }

    /// <summary>Unix time, milliseconds; any long.</summary>
    public long? AbsoluteExpiryTime { get; private init; }

    /// <summary>Unix time, milliseconds; any long.</summary>
    public long? CreationTime { get; private init; }

    public ReadOnlySpan<byte> GroupId { get; private init; }

    public uint? GroupSequence { get; private init; }

    public ReadOnlySpan<byte> ReplyToGroupId { get; private init; }

    /// <param name="value">What <see cref="MessageReader"/> gives for <see cref="Descriptors.Properties"/>.</param>
    /// <param name="properties">The fields.</param>
    /// <param name="fault">Why not.</param>
    public static bool TryRead(ReadOnlySpan<byte> value, out PropertiesReader properties, out AmqpFault fault)
    {
        properties = default;
        var reader = new AmqpReader(value);
        if (!reader.TryReadList(out var fields, out _))
        {
            fault = reader.Fault;
            return false;
        }

        if (!MessageId.TryRead(ref fields, out var messageId)
            || !fields.TryReadBinary(out var userId, out _)
            || !TryReadAddress(ref fields, out var to)
            || !fields.TryReadStringBytes(out var subject, out _)
            || !TryReadAddress(ref fields, out var replyTo)
            || !MessageId.TryRead(ref fields, out var correlationId)
            || !fields.TryReadTextBytes(out var contentType, out _)
            || !fields.TryReadTextBytes(out var contentEncoding, out _)
            || !fields.TryReadTimestamp(out var absoluteExpiryTime)
            || !fields.TryReadTimestamp(out var creationTime)
            || !fields.TryReadStringBytes(out var groupId, out _)
            || !fields.TryReadUInt(out var groupSequence)
            || !fields.TryReadStringBytes(out var replyToGroupId, out _)
            || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        fault = AmqpFault.None;
        properties = new PropertiesReader
        {
            MessageId = messageId,
            UserId = userId,
            To = to,
            Subject = subject,
            ReplyTo = replyTo,
            CorrelationId = correlationId,
            ContentType = contentType,
            ContentEncoding = contentEncoding,
            AbsoluteExpiryTime = absoluteExpiryTime,
            CreationTime = creationTime,
            GroupId = groupId,
            GroupSequence = groupSequence,
            ReplyToGroupId = replyToGroupId,
        };
        return true;
    }

    // The type of an address is open; only texts are addresses here.
    private static bool TryReadAddress(scoped ref AmqpReader fields, out ReadOnlySpan<byte> address)
    {
        address = default;
        if (!fields.TryReadOptional(out var raw))
        {
            return false;
        }

        if (!raw.IsEmpty)
        {
            _ = new AmqpReader(raw).TryReadTextBytes(out address, out _);
        }

        return true;
    }
}
