namespace Gatehouse.Wire.Amqp;

/// <summary>The state field of transfer and disposition. Source: AMQP 1.0 §3.4.</summary>
/// <param name="Outcome">Which one.</param>
/// <param name="Error">Of rejected; may be null.</param>
/// <param name="IsDeliveryFailed">Of modified.</param>
/// <param name="IsUndeliverableHere">Of modified.</param>
public readonly record struct DeliveryState(Outcome Outcome, AmqpError? Error = null, bool IsDeliveryFailed = false, bool IsUndeliverableHere = false)
{
    /// <summary>Reads the described state; empty bytes are <see cref="Outcome.None"/>.</summary>
    public static bool TryRead(ReadOnlySpan<byte> raw, out DeliveryState state, out AmqpFault fault)
    {
        (state, fault) = (default, AmqpFault.None);
        if (raw.IsEmpty)
        {
            return true;
        }

        var reader = new AmqpReader(raw);
        if (!reader.TryReadDescriptor(out var code))
        {
            fault = reader.Fault;
            return false;
        }

        var outcome = From(code);
        if (outcome == Outcome.Other)
        {
            state = new DeliveryState(outcome);
            return true;
        }

        if (!reader.TryReadList(out var fields, out _))
        {
            fault = reader.Fault;
            return false;
        }

        var isRead = outcome switch
        {
            Outcome.Rejected => TryReadRejected(ref fields, out state),
            Outcome.Modified => TryReadModified(ref fields, out state),
            _ => (state = new DeliveryState(outcome)).Outcome == outcome,
        };
        fault = isRead && fields.TryEnd() ? AmqpFault.None : fields.Fault;
        return fault == AmqpFault.None;
    }

    /// <summary>Writes the state; none and those that are not ours to send as null.</summary>
    public void Write(AmqpWriter writer)
    {
        switch (Outcome)
        {
            case Outcome.Accepted:
                writer.Descriptor(Descriptors.Accepted);
                writer.EndList(writer.BeginList(), 0);
                break;
            case Outcome.Released:
                writer.Descriptor(Descriptors.Released);
                writer.EndList(writer.BeginList(), 0);
                break;
            case Outcome.Rejected:
                var rejected = new CompositeWriter(writer, Descriptors.Rejected);
                rejected.Error(Error);
                rejected.End();
                break;
            case Outcome.Modified:
                var modified = new CompositeWriter(writer, Descriptors.Modified);
                modified.Boolean(IsDeliveryFailed ? true : null);
                modified.Boolean(IsUndeliverableHere ? true : null);
                modified.End();
                break;
            default:
                writer.Null();
                break;
        }
    }

    private static Outcome From(ulong code) => code switch
    {
        Descriptors.Accepted => Outcome.Accepted,
        Descriptors.Rejected => Outcome.Rejected,
        Descriptors.Released => Outcome.Released,
        Descriptors.Modified => Outcome.Modified,
        Descriptors.Received => Outcome.Received,
        _ => Outcome.Other,
    };

    private static bool TryReadRejected(ref AmqpReader fields, out DeliveryState state)
    {
        var isRead = AmqpError.TryReadField(ref fields, out var error);
        state = new DeliveryState(Outcome.Rejected, error);
        return isRead;
    }

    private static bool TryReadModified(ref AmqpReader fields, out DeliveryState state)
    {
        var isHere = false;
        var isRead = fields.TryReadBoolean(out var isFailed, otherwise: false) && fields.TryReadBoolean(out isHere, otherwise: false);
        state = new DeliveryState(Outcome.Modified, null, isFailed, isHere);
        return isRead;
    }
}
