namespace Gatehouse.Wire.Amqp;

/// <summary>What starts every frame body: a descriptor, then a list of fields.</summary>
public static class Performative
{
    /// <summary>Reads which performative a body holds; its <c>TryRead</c> does the rest.</summary>
    public static bool TryReadCode(ReadOnlySpan<byte> body, out ulong code) => new AmqpReader(body).TryReadDescriptor(out code);

    /// <summary>The fields of a composite that fills <paramref name="body"/>.</summary>
    internal static bool TryOpen(ReadOnlySpan<byte> body, ulong expected, out AmqpReader fields, out AmqpFault fault)
    {
        if (!TryOpen(body, expected, out fields, out var rest, out fault))
        {
            return false;
        }

        fault = rest.IsEmpty ? AmqpFault.None : AmqpFault.TrailingBytes;
        return rest.IsEmpty;
    }

    /// <summary>The fields of a composite, and what follows it.</summary>
    internal static bool TryOpen(ReadOnlySpan<byte> body, ulong expected, out AmqpReader fields, out ReadOnlySpan<byte> rest, out AmqpFault fault)
    {
        var reader = new AmqpReader(body);
        fields = default;
        rest = default;
        fault = AmqpFault.None;
        if (!reader.TryReadDescriptor(out var code))
        {
            fault = reader.Fault;
            return false;
        }

        if (code != expected)
        {
            fault = AmqpFault.UnknownPerformative;
            return false;
        }

        if (!reader.TryReadList(out fields, out _))
        {
            fault = reader.Fault;
            return false;
        }

        rest = reader.Remaining;
        return true;
    }
}
