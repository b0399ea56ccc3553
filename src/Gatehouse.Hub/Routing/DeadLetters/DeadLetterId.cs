using System.Globalization;

namespace Gatehouse.Hub.Routing.DeadLetters;

/// <summary>Names a dead letter of an endpoint: <c>partition-sequence number</c> in the endpoint's queue.</summary>
internal readonly record struct DeadLetterId(long Part, long Sequence)
{
    internal static bool TryParse(string text, out DeadLetterId id)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        id = default;
        if (dash <= 0
            || !long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var part)
            || !long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
        {
            return false;
        }

        id = new DeadLetterId(part, sequence);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Part}-{Sequence}");
}
