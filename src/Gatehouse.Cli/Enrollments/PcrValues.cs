using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Enrollments;

/// <summary>Values of registers in a file: as <c>tpm2_pcrread</c> prints them, or a JSON object.</summary>
internal static class PcrValues
{
    /// <summary>By number, hexadecimal without 0x; null when there are none.</summary>
    /// <param name="text">The file.</param>
    /// <param name="bank">The bank that is meant, where the file has several.</param>
    internal static IReadOnlyDictionary<string, string>? Read(string text, string bank)
    {
        var found = text.TrimStart().StartsWith('{') ? ReadJson(text) : ReadLines(text, bank);
        return found is { Count: > 0 } ? found : null;
    }

    private static Dictionary<string, string>? ReadJson(string text)
    {
        try
        {
            return (JsonNode.Parse(text) as JsonObject)?.ToDictionary(each => each.Key, each => Bare((string?)each.Value ?? ""), StringComparer.Ordinal);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    // sha256:
    //   0 : 0x3D45…
    private static Dictionary<string, string> ReadLines(string text, string bank)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var isMeant = true;
        foreach (var line in text.Split('\n'))
        {
            if (line.Split(':', 2, StringSplitOptions.TrimEntries) is not [var name, var value])
            {
                continue;
            }

            if (value.Length == 0)
            {
                isMeant = name.Equals(bank, StringComparison.OrdinalIgnoreCase);
            }
            else if (isMeant && name.Length is 1 or 2 && name.All(char.IsAsciiDigit))
            {
                found[name] = Bare(value);
            }
        }

        return found;
    }

    private static string Bare(string value) => value.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? value[2..] : value;
}
