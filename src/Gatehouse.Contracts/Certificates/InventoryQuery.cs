using System.Globalization;

namespace Gatehouse.Contracts.Certificates;

/// <summary>What the query of a call may say, for both APIs; texts of faults are one sentence, for ArgumentInvalid of whichever.</summary>
public static class InventoryQuery
{
    private const int DefaultItems = 100;
    private const int MaxItems = 1_000;
    private const int DefaultForecastDays = 90;
    private const int MaxForecastDays = 3_650;
    private const int MaxIssuerCharacters = 256;

    /// <summary>Of a page of the inventory: <c>kind</c>, <c>issuer</c>, <c>expiresBefore</c>, <c>after</c>, <c>max</c>.</summary>
    /// <param name="query">A parameter's text by its name; null where it is absent.</param>
    /// <param name="filter">What is asked for.</param>
    /// <param name="place">Where the page begins.</param>
    /// <param name="max">Items of it.</param>
    /// <returns>What is wrong; null for nothing.</returns>
    public static string? ReadPage(Func<string, string?> query, out InventoryFilter filter, out InventoryPlace place, out int max)
    {
        ArgumentNullException.ThrowIfNull(query);
        filter = new InventoryFilter(query("kind"), query("issuer"));
        if (filter.Kind is { } kind && !CertificateKinds.All.Contains(kind))
        {
            (place, max) = (InventoryPlace.Start, 0);
            return $"kind must be one of {string.Join(", ", CertificateKinds.All)}.";
        }

        if (filter.Issuer is { } issuer && (issuer.Length > MaxIssuerCharacters || issuer.Contains('\0', StringComparison.Ordinal)))
        {
            (place, max) = (InventoryPlace.Start, 0);
            return $"issuer must be a name of at most {MaxIssuerCharacters} characters, as the inventory shows it.";
        }

        if (query("expiresBefore") is { } text)
        {
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            {
                (place, max) = (InventoryPlace.Start, 0);
                return "expiresBefore must be a time as 2027-01-31T00:00:00Z.";
            }

            filter = filter with { EndsBefore = time.UtcTicks };
        }

        return ReadPlace(query, out place, out max);
    }

    /// <summary>Of a forecast: <c>by</c> (<c>day</c>, <c>week</c>, <c>month</c>; default <c>week</c>), <c>withinDays</c> (1–3650, default 90), and <c>after</c>, <c>max</c> for its devices.</summary>
    /// <returns>What is wrong; null for nothing.</returns>
    public static string? ReadForecast(Func<string, string?> query, out ForecastInput input)
    {
        ArgumentNullException.ThrowIfNull(query);
        var fault = ReadPlace(query, out var place, out var max);
        var (by, days) = (query("by") ?? ForecastInput.Week, DefaultForecastDays);
        if (query("withinDays") is { } text && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out days) || days is < 1 or > MaxForecastDays))
        {
            fault ??= $"withinDays must be 1–{MaxForecastDays}.";
        }

        input = new ForecastInput(by, days, place, max);
        return by is ForecastInput.Day or ForecastInput.Week or ForecastInput.Month ? fault : "by must be day, week or month.";
    }

    /// <summary>Of a page of alarms: <c>closed</c> (<c>true</c>: those that were acknowledged or have become void, instead of those that are open), <c>after</c>, <c>max</c>.</summary>
    /// <returns>What is wrong; null for nothing.</returns>
    public static string? ReadAlarms(Func<string, string?> query, out AlarmQuery alarms)
    {
        ArgumentNullException.ThrowIfNull(query);
        var fault = ReadMax(query, out var max);
        var after = AlarmPlace.Read(query("after"));
        alarms = new AlarmQuery(query("closed") == "true", after ?? AlarmPlace.Start, max);
        return fault ?? (after is null ? NotGivenOut : query("closed") is null or "true" or "false" ? null : "closed must be true or false.");
    }

    private const string NotGivenOut = "after must be what the page before gave as next.";

    private static string? ReadPlace(Func<string, string?> query, out InventoryPlace place, out int max)
    {
        var fault = ReadMax(query, out max);
        var read = InventoryPlace.Read(query("after"));
        place = read ?? InventoryPlace.Start;
        return fault ?? (read is null ? NotGivenOut : null);
    }

    private static string? ReadMax(Func<string, string?> query, out int max)
    {
        max = DefaultItems;
        return query("max") is { } text && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out max) || max is < 1 or > MaxItems) ? $"max must be 1–{MaxItems}." : null;
    }
}

/// <summary>What a forecast is asked for.</summary>
/// <param name="By">Length of its periods.</param>
/// <param name="Days">How far it looks. Days, from now on.</param>
/// <param name="After">Where the page of its devices begins.</param>
/// <param name="Max">Devices of that page.</param>
public sealed record ForecastInput(string By, int Days, InventoryPlace After, int Max)
{
    /// <summary>Of UTC.</summary>
    public const string Day = "day";

    /// <summary>From Monday on.</summary>
    public const string Week = "week";

    public const string Month = "month";
}
