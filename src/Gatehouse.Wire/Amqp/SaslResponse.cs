using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>The client's answer; a secret, it has no text form. Source: AMQP 1.0 §5.3.3.4.</summary>
public sealed class SaslResponse
{
    public required byte[] Response { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out SaslResponse? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(body, Descriptors.SaslResponse, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryRequireBinary(out var bytes) || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        value = new SaslResponse { Response = bytes };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.SaslResponse);
        fields.Binary(Response, isNull: false);
        fields.End();
    }
}
