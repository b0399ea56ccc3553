using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>Ends a connection. Source: AMQP 1.0 §2.7.9.</summary>
public sealed class Close
{
    public AmqpError? Error { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out Close? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(body, Descriptors.Close, out var fields, out fault))
        {
            return false;
        }

        if (!AmqpError.TryReadField(ref fields, out var error) || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        value = new Close { Error = error };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.Close);
        fields.Error(Error);
        fields.End();
    }
}
