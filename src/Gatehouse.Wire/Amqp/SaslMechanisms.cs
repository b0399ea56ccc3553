using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>The server's offer. Source: AMQP 1.0 §5.3.3.1.</summary>
public sealed class SaslMechanisms
{
    /// <summary>At least one.</summary>
    public required string[] Mechanisms { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out SaslMechanisms? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(body, Descriptors.SaslMechanisms, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryReadSymbols(out var mechanisms) || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        if (mechanisms.Length == 0)
        {
            fault = AmqpFault.MandatoryFieldMissing;
            return false;
        }

        value = new SaslMechanisms { Mechanisms = mechanisms };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.SaslMechanisms);
        fields.Symbols(Mechanisms);
        fields.End();
    }
}
