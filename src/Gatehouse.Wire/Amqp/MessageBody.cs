namespace Gatehouse.Wire.Amqp;

/// <summary>Values of body sections. Source: AMQP 1.0 §3.2.6–§3.2.8.</summary>
public static class MessageBody
{
    /// <summary>The bytes of a data section.</summary>
    public static bool TryReadData(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> bytes)
    {
        var reader = new AmqpReader(value);
        return reader.TryReadBinary(out bytes, out var isNull) && !isNull;
    }

    /// <summary>The bytes of an amqp-value section that holds a string, a symbol, a binary or null (no bytes); false for other types.</summary>
    public static bool TryReadValue(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> bytes)
    {
        var reader = new AmqpReader(value);
        return reader.TryReadBinary(out bytes, out _) || reader.TryReadTextBytes(out bytes, out _);
    }
}
