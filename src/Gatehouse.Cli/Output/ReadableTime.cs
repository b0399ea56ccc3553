using System.Globalization;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Output;

/// <summary>Times of the APIs as people read them; <c>--json</c> keeps them as they came.</summary>
internal static class ReadableTime
{
    /// <summary>UTC to the second; <c>0001-01-01</c>, the registry's "never", and nothing at all become <paramref name="otherwise"/>.</summary>
    internal static string Of(JsonNode? time, string otherwise = "never")
    {
        var text = time?.ToString() ?? "";
        return text.Length == 0 || text.StartsWith("0001", StringComparison.Ordinal) ? otherwise
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at.UtcDateTime.ToString("u", CultureInfo.InvariantCulture)
            : text;
    }
}
