using System.Globalization;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Rotation;

/// <summary>When a plan begins by itself, as it is given.</summary>
internal static class BeginTime
{
    private static readonly string[] Forms = ["yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    /// <summary>UTC ticks; 0 for a plan that somebody starts. ArgumentInvalid.</summary>
    internal static Result<long> Read(RotationInput input, DateTimeOffset now)
    {
        if (input is { BeginAt: null, BeginInSeconds: null })
        {
            return 0;
        }

        if (input is { BeginAt: not null, BeginInSeconds: not null })
        {
            return HubErrors.ArgumentInvalid.With("beginAt and beginInSeconds exclude each other.");
        }

        if (input.BeginInSeconds is { } seconds)
        {
            return seconds is >= 1 and <= Rotations.MaxSeconds ? (now + TimeSpan.FromSeconds(seconds)).UtcTicks : HubErrors.ArgumentInvalid.With(string.Create(CultureInfo.InvariantCulture, $"beginInSeconds must be 1–{Rotations.MaxSeconds}."));
        }

        if (!TryParse(input.BeginAt!, out var time))
        {
            return HubErrors.ArgumentInvalid.With($"beginAt must be a time with its zone, as 2027-01-31T02:00:00Z or 2027-01-31T02:00+01:00; '{Resources.ResourceName.Cut(input.BeginAt!)}' is none.");
        }

        return time <= now ? HubErrors.ArgumentInvalid.With($"beginAt has passed: here it is {Readable(now.UtcTicks)}. To begin at once, leave it out and start the plan.")
            : time > now + TimeSpan.FromSeconds(Rotations.MaxSeconds) ? HubErrors.ArgumentInvalid.With("beginAt must be within 400 days.")
            : time.UtcTicks;
    }

    internal static string Readable(long ticks) => new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    // Without a zone it would be taken as that of whoever reads it.
    private static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text.EndsWith('Z') ? text[..^1] + "+00:00" : text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
}
