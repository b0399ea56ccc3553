using System.Diagnostics.CodeAnalysis;
using Gatehouse.Hub.Events;
using Gatehouse.Wire.Amqp;
using Gatehouse.Wire.EventHubs;

namespace Gatehouse.ServiceApi.Amqp;

/// <summary>Where a receiver starts, from the filters of its source.</summary>
/// <remarks>No filter: from the oldest event (unconfirmed; SDKs always send one).</remarks>
internal static class ReceiverStart
{
    private static readonly long EarliestMilliseconds = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long LatestMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    internal static bool TryRead(AmqpMap? filters, [NotNullWhen(true)] out EventPosition? from, [NotNullWhen(false)] out string? error)
    {
        (from, error) = (new EventPosition.Earliest(), null);
        if (filters is null || filters.Count == 0)
        {
            return true;
        }

        if (filters.Count > 1 || !filters.TryGet(EventSelector.FilterName, out var filter))
        {
            (from, error) = (null, $"The only filter that is supported is {EventSelector.FilterName}.");
            return false;
        }

        if (TextOf(filter) is not { } text)
        {
            (from, error) = (null, $"The filter {EventSelector.FilterName} must be a string, described as such.");
            return false;
        }

        if (!EventSelector.TryParse(text, out var selector, out error))
        {
            from = null;
            return false;
        }

        from = PositionOf(selector);
        return true;
    }

    private static string? TextOf(object? filter) => filter switch
    {
        AmqpDescribed described when described.Is(EventSelector.FilterCode, EventSelector.FilterName) => described.Value as string,
        string text => text,
        _ => null,
    };

    // Offsets are sequence numbers as text.
    private static EventPosition PositionOf(EventSelector selector) => selector switch
    {
        { IsLatest: true } => new EventPosition.Latest(),
        { Field: EventSelectorField.EnqueuedTime } => FromTime(selector),
        { IsInclusive: true } => new EventPosition.FromSequenceNumber(selector.Value),
        { Field: EventSelectorField.Offset } => new EventPosition.AfterOffset(selector.Value),
        _ => new EventPosition.AfterSequenceNumber(selector.Value),
    };

    // Times are whole milliseconds: after one is from the next.
    private static EventPosition.FromTime FromTime(EventSelector selector)
    {
        var milliseconds = Math.Clamp(selector.Value, EarliestMilliseconds, LatestMilliseconds - 1) + (selector.IsInclusive ? 0 : 1);
        return new EventPosition.FromTime(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
    }
}
