using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>The client's choice. Holds a password with PLAIN: it has no text form. Source: AMQP 1.0 §5.3.3.2.</summary>
public sealed class SaslInit
{
    public required string Mechanism { get; init; }

    /// <summary>Null when absent. A secret: whoever reads it clears it.</summary>
    public byte[]? InitialResponse { get; init; }

    public string? HostName { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out SaslInit? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(body, Descriptors.SaslInit, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryRequireSymbol(out var mechanism)
            || !fields.TryReadBinary(out var response, out var isNull)
            || !fields.TryReadString(out var hostName)
            || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        value = new SaslInit { Mechanism = mechanism, InitialResponse = isNull ? null : response.ToArray(), HostName = hostName };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.SaslInit);
        fields.Symbol(Mechanism);
        fields.Binary(InitialResponse, isNull: InitialResponse is null);
        fields.String(HostName);
        fields.End();
    }
}
