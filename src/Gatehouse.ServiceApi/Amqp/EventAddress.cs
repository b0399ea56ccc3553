using System.Globalization;
using Gatehouse.Transport.Amqp;

namespace Gatehouse.ServiceApi.Amqp;

/// <summary>
/// Nodes of the Event-Hubs-compatible endpoint: <c>{entity}/ConsumerGroups/{group}/Partitions/{id}</c>, <c>{entity}/$management</c>, <c>$management</c>;
/// and, on the hub's own name, <c>messages/events[/…]</c>, which is redirected to them.
/// </summary>
/// <remarks>Source: service-plane §7.4 of the wire reference. Fixed segments in any case.</remarks>
internal abstract record EventAddress
{
    private EventAddress()
    {
    }

    /// <param name="Entity">Event hub name; the hub's.</param>
    /// <param name="Group">Consumer group.</param>
    /// <param name="Partition">Partition id; null when it is no number.</param>
    internal sealed record Receiver(string Entity, string Group, int? Partition) : EventAddress;

    /// <param name="Entity">Null for <c>$management</c> alone: each request names its entity.</param>
    internal sealed record Management(string? Entity) : EventAddress;

    /// <param name="Suffix">What followed <c>messages/events</c>, as the client wrote it: empty, or with its leading slash.</param>
    internal sealed record Redirected(string Suffix) : EventAddress;

    /// <summary>Null when the address is of another door.</summary>
    internal static EventAddress? From(AmqpAddress address)
    {
        if (address.Matches("*", "ConsumerGroups", "*", "Partitions", "*"))
        {
            return new Receiver(address.Segments[0], address.Segments[2], PartitionOf(address.Segments[4]));
        }

        if (address.Matches("$management"))
        {
            return new Management(null);
        }

        if (address.Matches("*", "$management"))
        {
            return new Management(address.Segments[0]);
        }

        return address.Segments.Count >= 2 && Is(address.Segments[0], "messages") && Is(address.Segments[1], "events")
            ? new Redirected(string.Concat(address.Segments.Skip(2).Select(static segment => $"/{segment}")))
            : null;
    }

    internal static int? PartitionOf(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var partition) ? partition : null;

    private static bool Is(string segment, string word) => segment.Equals(word, StringComparison.OrdinalIgnoreCase);
}
