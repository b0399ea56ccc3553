namespace Gatehouse.Wire.Amqp;

/// <summary>A message or a part of one. Source: AMQP 1.0 §2.7.5.</summary>
public readonly ref struct Transfer
{
    private const byte MaxReceiverSettleMode = 1;

    public uint Handle { get; init; }

    /// <summary>Null in the later frames of a delivery.</summary>
    public uint? DeliveryId { get; init; }

    /// <summary>At most <see cref="AmqpLimits.DeliveryTagBytes"/> bytes.</summary>
    public ReadOnlySpan<byte> DeliveryTag { get; init; }

    /// <summary>False: the tag is absent, as in the later frames of a delivery.</summary>
    public bool HasTag { get; init; }

    /// <summary>0 when absent; <see cref="BatchReader.MessageFormat"/> for a batch.</summary>
    public uint MessageFormat { get; init; }

    /// <summary>Null in later frames: as in the first one.</summary>
    public bool? Settled { get; init; }

    /// <summary>More frames of this delivery follow.</summary>
    public bool More { get; init; }

    public byte? ReceiverSettleMode { get; init; }

    /// <summary>A described delivery state as its bytes; empty when absent.</summary>
    public ReadOnlySpan<byte> State { get; init; }

    public bool Resume { get; init; }

    /// <summary>The delivery is given up; what was sent of it counts for nothing.</summary>
    public bool Aborted { get; init; }

    public bool Batchable { get; init; }

    /// <summary>The bytes of the message in this frame. Not written by <see cref="Write"/>: the caller puts them behind it.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, out Transfer value, out AmqpFault fault)
    {
        value = default;
        if (!Performative.TryOpen(body, Descriptors.Transfer, out var fields, out var payload, out fault))
        {
            return false;
        }

        if (!fields.TryRequireUInt(out var handle)
            || !fields.TryReadUInt(out var deliveryId)
            || !TryReadTag(ref fields, out var tag, out var isTagNull)
            || !fields.TryReadUInt(out var messageFormat, 0)
            || !fields.TryReadBoolean(out var settled)
            || !fields.TryReadBoolean(out var more, otherwise: false)
            || !fields.TryReadChoice(out var receiverSettleMode, MaxReceiverSettleMode)
            || !fields.TryReadOptional(out var state)
            || !fields.TryReadBoolean(out var resume, otherwise: false)
            || !fields.TryReadBoolean(out var aborted, otherwise: false)
            || !fields.TryReadBoolean(out var batchable, otherwise: false)
            || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        value = new Transfer
        {
            Handle = handle,
            DeliveryId = deliveryId,
            DeliveryTag = tag,
            HasTag = !isTagNull,
            MessageFormat = messageFormat,
            Settled = settled,
            More = more,
            ReceiverSettleMode = receiverSettleMode,
            State = state,
            Resume = resume,
            Aborted = aborted,
            Batchable = batchable,
            Payload = payload,
        };
        return true;
    }

    /// <summary>Writes the head; the payload is to follow.</summary>
    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.Transfer);
        fields.UInt(Handle);
        fields.UInt(DeliveryId);
        fields.Binary(DeliveryTag, isNull: !HasTag);
        fields.UInt(HasTag || MessageFormat != 0 ? MessageFormat : null);
        fields.Boolean(Settled);
        fields.Boolean(More ? true : null);
        fields.UByte(ReceiverSettleMode);
        fields.Raw(State);
        fields.Boolean(Resume ? true : null);
        fields.Boolean(Aborted ? true : null);
        fields.Boolean(Batchable ? true : null);
        fields.End();
    }

    private static bool TryReadTag(scoped ref AmqpReader fields, out ReadOnlySpan<byte> tag, out bool isNull) =>
        fields.TryReadBinary(out tag, out isNull) && (tag.Length <= AmqpLimits.DeliveryTagBytes || fields.Fail(AmqpFault.InvalidValue));
}
