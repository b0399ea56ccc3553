using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gatehouse.Hub.Throttling;

/// <summary>So many operations in a second or minute; as many may come at once.</summary>
/// <param name="Operations">Above 0.</param>
/// <param name="Period">A second or a minute.</param>
public readonly record struct ThrottleRate(double Operations, TimeSpan Period)
{
    /// <summary>Most that can be told apart: one operation each 100 ns.</summary>
    public const double MostPerSecond = 10_000_000;

    public double PerSecond => Operations / Period.TotalSeconds;

    internal static ThrottleRate PerMinute(double operations) => new(operations, TimeSpan.FromMinutes(1));

    /// <summary>As the settings write it: <c>100/s</c> or <c>20/m</c>, whole numbers from 1.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ThrottleRate? rate)
    {
        ArgumentNullException.ThrowIfNull(text);
        rate = null;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && long.TryParse(text.AsSpan(0, slash), NumberStyles.None, CultureInfo.InvariantCulture, out var operations) && text[(slash + 1)..] is "s" or "m")
        {
            var parsed = new ThrottleRate(operations, text[^1] == 's' ? TimeSpan.FromSeconds(1) : TimeSpan.FromMinutes(1));
            rate = parsed.Operations >= 1 && parsed.PerSecond <= MostPerSecond ? parsed : null;
        }

        return rate is not null;
    }

    /// <summary>At least one operation a period: a hub is never shut by a small factor.</summary>
    internal ThrottleRate Times(double factor)
    {
        var scaled = this with { Operations = Math.Max(1, Operations * factor) };
        return scaled.PerSecond <= MostPerSecond ? scaled : new ThrottleRate(MostPerSecond, TimeSpan.FromSeconds(1));
    }
}
