using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>The server's question. Source: AMQP 1.0 §5.3.3.3.</summary>
public sealed class SaslChallenge
{
    public required byte[] Challenge { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out SaslChallenge? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(body, Descriptors.SaslChallenge, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryRequireBinary(out var bytes) || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        value = new SaslChallenge { Challenge = bytes };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.SaslChallenge);
        fields.Binary(Challenge, isNull: false);
        fields.End();
    }
}
