using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Gatehouse.Store;

namespace Gatehouse.Hub.Twins;

/// <summary>The index of tags: a row for each string, number and boolean that is not inside an array, so that a query by tag reads few twins.</summary>
public static class TwinTags
{
    /// <summary>Longer paths (keys joined by '.', UTF-8) have no row: an index entry of PostgreSQL has less than 2,704 bytes.</summary>
    public const int MaxPathBytes = 1_024;

    /// <summary>Characters of a string in the index; a longer one must be compared in the twin itself.</summary>
    public const int MaxTextLength = 256;

    /// <summary>Brings the rows of one twin from what the tags were to what they are.</summary>
    internal static async Task WriteAsync(WriteTransaction transaction, TwinRow twin, JsonObject before, JsonObject after, CancellationToken cancellationToken)
    {
        var (old, now) = (Leaves(before), Leaves(after));
        foreach (var (path, leaf) in old)
        {
            if (!now.TryGetValue(path, out var kept) || kept != leaf)
            {
                await ExecuteAsync(transaction, "DELETE FROM twin_tags WHERE hub = @Hub AND device_id = @DeviceId AND module_id = @ModuleId AND path = @Path", twin, path, leaf, cancellationToken);
            }
        }

        foreach (var (path, leaf) in now)
        {
            if (!old.TryGetValue(path, out var kept) || kept != leaf)
            {
                await ExecuteAsync(
                    transaction,
                    "INSERT INTO twin_tags (hub, device_id, module_id, path, kind, text_value, number_value) VALUES (@Hub, @DeviceId, @ModuleId, @Path, @Kind, @Text, @Number)",
                    twin,
                    path,
                    leaf,
                    cancellationToken);
            }
        }
    }

    /// <summary>A string as the index holds it: never half of a surrogate pair at its end.</summary>
    internal static string Shorten(string text) =>
        text.Length <= MaxTextLength ? text : text[..(char.IsHighSurrogate(text[MaxTextLength - 1]) ? MaxTextLength - 1 : MaxTextLength)];

    private static Dictionary<string, TagLeaf> Leaves(JsonObject tags)
    {
        var leaves = new Dictionary<string, TagLeaf>(StringComparer.Ordinal);
        Gather(tags, "", leaves);
        return leaves;
    }

    private static void Gather(JsonObject members, string prefix, Dictionary<string, TagLeaf> leaves)
    {
        foreach (var (key, node) in members)
        {
            var path = prefix.Length == 0 ? key : $"{prefix}.{key}";
            if (node is JsonObject inner)
            {
                Gather(inner, path, leaves);
            }
            else if (node is JsonValue value && Encoding.UTF8.GetByteCount(path) <= MaxPathBytes)
            {
                leaves[path] = LeafOf(value);
            }
        }
    }

    private static TagLeaf LeafOf(JsonValue value) => value.GetValueKind() switch
    {
        JsonValueKind.String => new TagLeaf("string", Shorten(value.GetValue<string>()), null),
        JsonValueKind.Number => new TagLeaf("number", null, value.GetValue<double>()),
        var kind => new TagLeaf("boolean", kind == JsonValueKind.True ? "true" : "false", null),
    };

    private static Task<int> ExecuteAsync(WriteTransaction transaction, string sql, TwinRow twin, string path, TagLeaf leaf, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            sql, new { twin.Hub, twin.DeviceId, twin.ModuleId, Path = path, leaf.Kind, leaf.Text, leaf.Number }, transaction.Transaction, cancellationToken: cancellationToken));

    private readonly record struct TagLeaf(string Kind, string? Text, double? Number);
}
