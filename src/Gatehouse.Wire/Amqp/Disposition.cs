namespace Gatehouse.Wire.Amqp;

/// <summary>State of a range of deliveries. Source: AMQP 1.0 §2.7.6. Allocates only for the error of a rejection.</summary>
public readonly struct Disposition
{
    /// <summary>The role of whoever sent this disposition.</summary>
    public bool IsReceiver { get; init; }

    public uint First { get; init; }

    /// <summary>Null: <see cref="First"/>. May be below it, when the numbers wrap around.</summary>
    public uint? Last { get; init; }

    public bool Settled { get; init; }

    public Outcome State { get; init; }

    /// <summary>Of a rejection; null when the peer gives none.</summary>
    public AmqpError? Error { get; init; }

    /// <summary>Of modified: the attempt counts as failed.</summary>
    public bool IsDeliveryFailed { get; init; }

    /// <summary>Of modified: not to this link again.</summary>
    public bool IsUndeliverableHere { get; init; }

    public bool Batchable { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, out Disposition value, out AmqpFault fault)
    {
        value = default;
        if (!Performative.TryOpen(body, Descriptors.Disposition, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryRequireBoolean(out var isReceiver)
            || !fields.TryRequireUInt(out var first)
            || !fields.TryReadUInt(out var last)
            || !fields.TryReadBoolean(out var settled, otherwise: false)
            || !fields.TryReadOptional(out var raw)
            || !fields.TryReadBoolean(out var batchable, otherwise: false)
            || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        if (!DeliveryState.TryRead(raw, out var state, out fault))
        {
            return false;
        }

        value = new Disposition
        {
            IsReceiver = isReceiver,
            First = first,
            Last = last,
            Settled = settled,
            State = state.Outcome,
            Error = state.Error,
            IsDeliveryFailed = state.IsDeliveryFailed,
            IsUndeliverableHere = state.IsUndeliverableHere,
            Batchable = batchable,
        };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        writer.Descriptor(Descriptors.Disposition);
        var mark = writer.BeginList();
        writer.Boolean(IsReceiver);
        writer.UInt(First);
        if (Last is { } last)
        {
            writer.UInt(last);
        }
        else
        {
            writer.Null();
        }

        writer.Boolean(Settled);
        new DeliveryState(State, Error, IsDeliveryFailed, IsUndeliverableHere).Write(writer);
        writer.Boolean(Batchable);
        writer.EndList(mark, 6);
    }
}
