using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>Ends a session. Source: AMQP 1.0 §2.7.8.</summary>
public sealed class End
{
    public AmqpError? Error { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out End? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(body, Descriptors.End, out var fields, out fault))
        {
            return false;
        }

        if (!AmqpError.TryReadField(ref fields, out var error) || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        value = new End { Error = error };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.End);
        fields.Error(Error);
        fields.End();
    }
}
