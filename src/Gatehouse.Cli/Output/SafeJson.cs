using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Output;

/// <summary>JSON as it goes to a terminal or a file.</summary>
internal static class SafeJson
{
    internal static JsonSerializerOptions Line { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static JsonSerializerOptions Indented { get; } = new(Line) { WriteIndented = true };

    /// <summary>Base64 stays readable; control characters are escaped by the encoder, format characters (they may only stand inside strings) here.</summary>
    internal static string Write(JsonNode node, bool isIndented) => Escape(node.ToJsonString(isIndented ? Indented : Line));

    private static string Escape(string json)
    {
        if (json.AsSpan().IndexOfAnyExceptInRange('\0', '\u007e') < 0)
        {
            return json;
        }

        // Everything beyond ASCII as \uXXXX: a lone surrogate, a bidirectional override and a C1 control are all the same to a script.
        var safe = new System.Text.StringBuilder(json.Length + 64);
        foreach (var letter in json)
        {
            _ = letter <= '\u007e' ? safe.Append(letter) : safe.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}");
        }

        return safe.ToString();
    }
}
