using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.Registry;

/// <summary>One identity of a file to import.</summary>
/// <param name="Place">Where it stands: <c>line 7</c> or <c>item 7</c>.</param>
/// <param name="Key">Whom it names.</param>
/// <param name="Body">As the hub takes it.</param>
internal sealed record ImportItem(string Place, IdentityKey Key, JsonObject Body);

/// <summary>Reads JSON lines or one JSON array. The whole file is judged before anything is sent, so that a typing mistake half-way changes nothing.</summary>
internal static class ImportFile
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    internal static async Task<IReadOnlyList<ImportItem>> ReadAsync(Call call, string path)
    {
        var text = path == "-" ? await call.Surroundings.Input.ReadToEndAsync(call.Cancellation) : await InputFile.ReadTextAsync(path, call.Cancellation);
        return Parse(text.TrimStart('\ufeff'), path);
    }

    internal static IReadOnlyList<ImportItem> Parse(string text, string path) =>
        text.AsSpan().TrimStart().StartsWith("[", StringComparison.Ordinal) ? ParseArray(text, path) : ParseLines(text, path);

    private static List<ImportItem> ParseArray(string text, string path)
    {
        try
        {
            return [.. JsonNode.Parse(text, documentOptions: Strict)!.AsArray().Select((node, index) => Item(node, $"item {index + 1}", path))];
        }
        catch (JsonException error)
        {
            throw CliException.Usage($"'{path}' is not a JSON array: line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}. Nothing was imported.", error);
        }
    }

    private static List<ImportItem> ParseLines(string text, string path)
    {
        var items = new List<ImportItem>();
        foreach (var (index, line) in text.Split('\n').Index())
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            try
            {
                items.Add(Item(JsonNode.Parse(line, documentOptions: Strict), $"line {index + 1}", path));
            }
            catch (JsonException error)
            {
                throw CliException.Usage($"'{path}', line {index + 1} is not a JSON object (byte {error.BytePositionInLine + 1}). Nothing was imported.", error);
            }
        }

        return items;
    }

    private static ImportItem Item(JsonNode? node, string place, string path)
    {
        if (node is not JsonObject body)
        {
            throw CliException.Usage($"'{path}', {place} is not a JSON object. Nothing was imported.");
        }

        // 'device show --json' writes deviceId; the bulk call wants id.
        if (body["id"] is null && body["deviceId"] is { } named)
        {
            body.Remove("deviceId");
            body["id"] = named;
        }

        var (id, module) = (Text(body["id"]), Text(body["moduleId"]));
        return IdentityKey.TryParse(string.IsNullOrEmpty(module) ? id : $"{id}/{module}", out var key)
            ? new ImportItem(place, key, body)
            : throw CliException.Usage($"'{path}', {place} has no device id (\"id\") or one outside the allowed characters. Nothing was imported.");
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
