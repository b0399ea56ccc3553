using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>Detaches a link. Source: AMQP 1.0 §2.7.7.</summary>
public sealed class Detach
{
    public required uint Handle { get; init; }

    /// <summary>True: the link is gone; false: it might be resumed.</summary>
    public bool IsClosed { get; init; }

    public AmqpError? Error { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out Detach? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(body, Descriptors.Detach, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryRequireUInt(out var handle)
            || !fields.TryReadBoolean(out var isClosed, otherwise: false)
            || !AmqpError.TryReadField(ref fields, out var error)
            || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        value = new Detach { Handle = handle, IsClosed = isClosed, Error = error };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.Detach);
        fields.UInt(Handle);
        fields.Boolean(IsClosed ? true : null);
        fields.Error(Error);
        fields.End();
    }
}
