namespace Gatehouse.Wire.Amqp;

/// <summary>What a protocol header asks for.</summary>
public enum ProtocolKind
{
    /// <summary>Not AMQP 1.0.0.</summary>
    Unknown,
    Amqp,
    Sasl,

    /// <summary>TLS asked for inside of the protocol; never offered.</summary>
    Tls,
}

/// <summary>The eight bytes that open a connection, and again after SASL. Source: AMQP 1.0 §2.2, §5.3.1.</summary>
public static class ProtocolHeader
{
    public const int Bytes = 8;

    public static ReadOnlySpan<byte> Amqp => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 0, 1, 0, 0];

    public static ReadOnlySpan<byte> Sasl => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 3, 1, 0, 0];

    public static ReadOnlySpan<byte> Tls => [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 2, 1, 0, 0];

    /// <summary>Judges the first eight bytes; false when there are fewer or they are no header of AMQP 1.0.0.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ProtocolKind kind)
    {
        kind = bytes.StartsWith(Amqp) ? ProtocolKind.Amqp
            : bytes.StartsWith(Sasl) ? ProtocolKind.Sasl
            : bytes.StartsWith(Tls) ? ProtocolKind.Tls
            : ProtocolKind.Unknown;
        return kind != ProtocolKind.Unknown;
    }

    /// <summary>Whether these first bytes, fewer than eight, can still become a header: a peer that speaks something else need not be waited for.</summary>
    public static bool CanBecome(ReadOnlySpan<byte> start) => Amqp.StartsWith(start) || Sasl.StartsWith(start) || Tls.StartsWith(start);
}
