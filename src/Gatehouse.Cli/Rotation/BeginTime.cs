using System.Globalization;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Rotation;

/// <summary>What <c>--at</c> takes: a time, which the server reads, or a span from now, which it counts by its own clock.</summary>
internal static class BeginTime
{
    internal static void Write(JsonObject body, string? text)
    {
        if (text is null)
        {
            return;
        }

        if (!text.StartsWith('+'))
        {
            body["beginAt"] = text;
            return;
        }

        long unit = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 0 };
        if (unit == 0 || !int.TryParse(text.AsSpan(1, text.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == 0)
        {
            throw CliException.Usage($"--at: '{text}' is no span; it is + and a number of s, m, h or d, as +8h.");
        }

        body["beginInSeconds"] = count * unit;
    }
}
