using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gatehouse.Wire.EventHubs;

/// <summary>Which annotation a selector compares.</summary>
public enum EventSelectorField
{
    Offset,
    SequenceNumber,

    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    EnqueuedTime,
}

/// <summary>
/// Where an Event Hubs receiver starts. Grammar:
/// <c>"amqp.annotation." name ws* ("&gt;" | "&gt;=") ws* ( value | "'" value "'" )</c>, where name is <c>x-opt-offset</c>, <c>x-opt-sequence-number</c>, <c>x-opt-enqueued-time</c> or
/// <c>x-opt-enqueuedtimeutc</c>, and value a decimal number or, for the offset, <c>@latest</c>. Offsets and sequence numbers start at −1, which is before the first event.
/// </summary>
/// <param name="Field">What is compared.</param>
/// <param name="IsInclusive"><c>&gt;=</c></param>
/// <param name="Value">The number; 0 when <paramref name="IsLatest"/>.</param>
/// <param name="IsLatest">Only events that come after the receiver was opened.</param>
/// <remarks>Source: service-plane §7.4 of the wire reference: what the clients write. It is no general selector: anything else is refused rather than guessed at.</remarks>
public readonly record struct EventSelector(EventSelectorField Field, bool IsInclusive, long Value, bool IsLatest)
{
    /// <summary>Name of the filter, in the filter map and as its symbolic descriptor.</summary>
    public const string FilterName = "apache.org:selector-filter:string";

    /// <summary>The filter's numeric descriptor.</summary>
    public const ulong FilterCode = 0x0000_468C_0000_0004;

    private const string Prefix = "amqp.annotation.";
    private const string Latest = "@latest";
    private const long BeforeFirst = -1;

    // Longer than any of the forms with any number in it.
    private const int MaxCharacters = 128;

    private static readonly (string Name, EventSelectorField Field)[] Names =
    [
        ("x-opt-offset", EventSelectorField.Offset),
        ("x-opt-sequence-number", EventSelectorField.SequenceNumber),
        ("x-opt-enqueued-time", EventSelectorField.EnqueuedTime),
        ("x-opt-enqueuedtimeutc", EventSelectorField.EnqueuedTime),
    ];

    /// <summary>False when the text is not of the grammar; <paramref name="error"/> says what is allowed.</summary>
    public static bool TryParse(string text, out EventSelector selector, [NotNullWhen(false)] out string? error)
    {
        selector = default;
        var rest = text.AsSpan().Trim(' ');
        if (rest.Length > MaxCharacters || !TryTakeField(ref rest, out var field))
        {
            error = "A selector must compare amqp.annotation.x-opt-offset, x-opt-sequence-number, x-opt-enqueued-time or x-opt-enqueuedtimeutc.";
            return false;
        }

        if (!TryTakeOperator(ref rest, out var isInclusive))
        {
            error = "A selector must compare with > or >=.";
            return false;
        }

        if (!TryUnquote(ref rest) || !TryReadValue(rest, field, out var value, out var isLatest))
        {
            error = field == EventSelectorField.Offset
                ? "The offset of a selector must be a number from -1 on or @latest, in single quotes or none."
                : "The value of a selector must be a decimal number, in single quotes or none; sequence numbers start at -1.";
            return false;
        }

        selector = new EventSelector(field, isInclusive, value, isLatest);
        error = null;
        return true;
    }

    private static bool TryTakeField(ref ReadOnlySpan<char> rest, out EventSelectorField field)
    {
        field = default;
        if (!rest.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var end = rest.IndexOfAny(" >");
        var name = end < 0 ? default : rest[Prefix.Length..end];
        foreach (var (known, of) in Names)
        {
            if (name.SequenceEqual(known))
            {
                field = of;
                rest = rest[end..].TrimStart(' ');
                return true;
            }
        }

        return false;
    }

    private static bool TryTakeOperator(ref ReadOnlySpan<char> rest, out bool isInclusive)
    {
        isInclusive = rest.StartsWith(">=", StringComparison.Ordinal);
        if (rest.IsEmpty || rest[0] != '>')
        {
            return false;
        }

        rest = rest[(isInclusive ? 2 : 1)..].TrimStart(' ');
        return true;
    }

    private static bool TryUnquote(ref ReadOnlySpan<char> rest)
    {
        if (rest.IsEmpty || rest[0] != '\'')
        {
            return true;
        }

        if (rest.Length < 2 || rest[^1] != '\'')
        {
            return false;
        }

        rest = rest[1..^1];
        return true;
    }

    private static bool TryReadValue(ReadOnlySpan<char> text, EventSelectorField field, out long value, out bool isLatest)
    {
        value = 0;
        isLatest = field == EventSelectorField.Offset && text.SequenceEqual(Latest);
        return isLatest
            || (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
                && text[0] != '+'
                && (field == EventSelectorField.EnqueuedTime || value >= BeforeFirst));
    }
}
