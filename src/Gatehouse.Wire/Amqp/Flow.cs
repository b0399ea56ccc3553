namespace Gatehouse.Wire.Amqp;

/// <summary>State of a session, and of a link when it names one. Source: AMQP 1.0 §2.7.4.</summary>
public readonly struct Flow
{
    /// <summary>Null only before the peer's begin was seen.</summary>
    public uint? NextIncomingId { get; init; }

    /// <summary>Transfer frames.</summary>
    public uint IncomingWindow { get; init; }

    public uint NextOutgoingId { get; init; }

    /// <summary>Transfer frames.</summary>
    public uint OutgoingWindow { get; init; }

    /// <summary>Null: the flow is the session's alone.</summary>
    public uint? Handle { get; init; }

    public uint? DeliveryCount { get; init; }

    /// <summary>Messages.</summary>
    public uint? LinkCredit { get; init; }

    /// <summary>Messages that the sender has waiting.</summary>
    public uint? Available { get; init; }

    public bool Drain { get; init; }

    /// <summary>The peer wants a flow in return.</summary>
    public bool Echo { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, out Flow value, out AmqpFault fault)
    {
        value = default;
        if (!Performative.TryOpen(body, Descriptors.Flow, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryReadUInt(out var nextIncomingId)
            || !fields.TryRequireUInt(out var incomingWindow)
            || !fields.TryRequireUInt(out var nextOutgoingId)
            || !fields.TryRequireUInt(out var outgoingWindow)
            || !fields.TryReadUInt(out var handle)
            || !fields.TryReadUInt(out var deliveryCount)
            || !fields.TryReadUInt(out var linkCredit)
            || !fields.TryReadUInt(out var available)
            || !fields.TryReadBoolean(out var drain, otherwise: false)
            || !fields.TryReadBoolean(out var echo, otherwise: false)
            || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        value = new Flow
        {
            NextIncomingId = nextIncomingId,
            IncomingWindow = incomingWindow,
            NextOutgoingId = nextOutgoingId,
            OutgoingWindow = outgoingWindow,
            Handle = handle,
            DeliveryCount = deliveryCount,
            LinkCredit = linkCredit,
            Available = available,
            Drain = drain,
            Echo = echo,
        };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.Flow);
        fields.UInt(NextIncomingId);
        fields.UInt(IncomingWindow);
        fields.UInt(NextOutgoingId);
        fields.UInt(OutgoingWindow);
        fields.UInt(Handle);
        fields.UInt(DeliveryCount);
        fields.UInt(LinkCredit);
        fields.UInt(Available);
        fields.Boolean(Drain ? true : null);
        fields.Boolean(Echo ? true : null);
        fields.End();
    }
}
