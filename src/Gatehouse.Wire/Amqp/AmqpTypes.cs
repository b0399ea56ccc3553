using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>An AMQP symbol in an object tree. ASCII.</summary>
public readonly record struct Symbol(string Value)
{
    public override string ToString() => Value ?? string.Empty;
}

/// <summary>An AMQP timestamp in an object tree: milliseconds since 1970-01-01 UTC, any long.</summary>
public readonly record struct AmqpTimestamp(long UnixMilliseconds);

/// <summary>A described value in an object tree.</summary>
/// <param name="Descriptor">A ulong or a <see cref="Symbol"/>; others are refused on reading.</param>
/// <param name="Value">Any value of an object tree.</param>
public sealed record AmqpDescribed(object Descriptor, object? Value)
{
    /// <summary>Whether the descriptor is this number or this symbol.</summary>
    public bool Is(ulong code, string symbol) => Descriptor is ulong number ? number == code : Descriptor is Symbol name && name.Value == symbol;
}

/// <summary>A decimal32, decimal64 or decimal128 as its bytes: it is carried, never computed with.</summary>
[SuppressMessage("Performance", "CA1815", Justification = "Bytes are compared by whoever needs it.")]
public readonly struct AmqpDecimal(byte[] bytes)
{
    /// <summary>4, 8 or 16 bytes, IEEE 754-2008, most significant first.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes;
}
