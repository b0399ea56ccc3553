using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli;

/// <summary>Options whose value is JSON, or <c>@FILE</c>.</summary>
internal static class JsonArgument
{
    internal static async Task<JsonObject> ReadObjectAsync(string option, string text, CancellationToken cancellationToken) =>
        await ReadAsync(option, text, cancellationToken) as JsonObject ?? throw CliException.Usage($"{option}: a JSON object is needed, as in {{\"a\": 1}}.");

    /// <summary>Any JSON; null for the word <c>null</c>.</summary>
    internal static async Task<JsonNode?> ReadAsync(string option, string text, CancellationToken cancellationToken)
    {
        var json = text.StartsWith('@') ? await InputFile.ReadTextAsync(text[1..], cancellationToken) : text;
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException error)
        {
            throw CliException.Usage($"{option}: this is not JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}). Put it in quotes, or in a file: {option} @FILE.", error);
        }
    }
}
