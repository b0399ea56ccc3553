namespace Gatehouse.Wire.Amqp;

/// <summary>What one value may cost. Every count is also held against the bytes that are left, before anything is allocated.</summary>
public static class AmqpLimits
{
    /// <summary>Nesting of lists, maps, arrays and described values. Levels; clients use at most five.</summary>
    public const int Depth = 32;

    /// <summary>Objects that one <see cref="AmqpReader.TryReadObject"/> makes, elements and keys counted.</summary>
    public const int Objects = 4096;

    /// <summary>Elements of an array whose elements take no bytes (null, true, false, 0, the empty list): nothing else bounds them.</summary>
    public const int ZeroWidthElements = 256;

    /// <summary>Symbols of a field that may have several: capabilities, mechanisms, outcomes.</summary>
    public const int Symbols = 256;

    /// <summary>Bytes of a delivery-tag. Source: AMQP 1.0 §2.8.7.</summary>
    public const int DeliveryTagBytes = 32;
}
