using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Twins;

/// <summary>Reads a JSON object that someone else wrote, so that what it becomes can be stored, queried and shown by anything: UTF-8, no name twice, no NUL, no half of a surrogate pair, bounded depth.</summary>
internal static class SoundJson
{
    private static readonly JsonNodeOptions NodeOptions = new() { PropertyNameCaseInsensitive = false };

    /// <summary>ArgumentInvalid says what is wrong, never what the parser said.</summary>
    /// <param name="json">UTF-8; the caller has bounded its length.</param>
    /// <param name="maxDepth">Objects and arrays within one another, the outermost counted.</param>
    internal static Result<JsonObject> Parse(ReadOnlySpan<byte> json, int maxDepth)
    {
        json = json.StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json;
        if (!Utf8.IsValid(json))
        {
            return HubErrors.ArgumentInvalid.With("The JSON is not UTF-8.");
        }

        try
        {
            if (FindFault(json, maxDepth) is { } fault)
            {
                return HubErrors.ArgumentInvalid.With(fault);
            }

            var node = JsonNode.Parse(json, NodeOptions, new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false });
            return node is JsonObject value ? value : HubErrors.ArgumentInvalid.With("The JSON is not an object.");
        }
        catch (JsonException)
        {
            return HubErrors.ArgumentInvalid.With("The JSON is malformed, or one of its objects has a name twice.");
        }
    }

    private static string? FindFault(ReadOnlySpan<byte> json, int maxDepth)
    {
        // One deeper than allowed, so that the depth is told from a malformed text.
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth + 1 });
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray when reader.CurrentDepth >= maxDepth:
                    return $"The JSON is nested deeper than {maxDepth} levels.";
                case JsonTokenType.PropertyName or JsonTokenType.String when reader.ValueIsEscaped && !AreSoundEscapes(reader.ValueSpan):
                    return "A string holds \\u0000 or half of a surrogate pair.";
            }
        }

        return null;
    }

    private static bool AreSoundEscapes(ReadOnlySpan<byte> text)
    {
        var isHalf = false;
        while (text.Length > 0)
        {
            var unit = -1;
            var length = 1;
            if (text[0] == '\\')
            {
                length = 2;
                if (text[1] == 'u')
                {
                    length = 6;
                    _ = int.TryParse(text.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out unit);
                }
            }

            var isLow = unit is >= 0xDC00 and <= 0xDFFF;
            if (unit == 0 || isHalf != isLow)
            {
                return false;
            }

            isHalf = unit is >= 0xD800 and <= 0xDBFF;
            text = text[length..];
        }

        return !isHalf;
    }
}
