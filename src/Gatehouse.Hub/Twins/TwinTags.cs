using System.Data;
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

    /// <summary>Few texts of statements, and few parameters in one: Dapper keeps each text that it has seen.</summary>
    private const int MaxRowsOfStatement = 16;

    /// <summary>Brings the rows of one twin from what the tags were to what they are.</summary>
    internal static async Task WriteAsync(WriteTransaction transaction, TwinRow twin, JsonObject before, JsonObject after, CancellationToken cancellationToken)
    {
        var (old, now) = (Leaves(before), Leaves(after));
        foreach (var gone in old.Where(leaf => !IsIn(now, leaf)).Chunk(MaxRowsOfStatement))
        {
            var (parameters, names) = Begin(twin, gone);
            await ExecuteAsync(transaction, $"DELETE FROM twin_tags WHERE hub = @Hub AND device_id = @DeviceId AND module_id = @ModuleId AND path IN ({string.Join(", ", names)})", parameters, cancellationToken);
        }

        foreach (var added in now.Where(leaf => !IsIn(old, leaf)).Chunk(MaxRowsOfStatement))
        {
            var (parameters, names) = Begin(twin, added);
            var rows = names.Select((name, i) =>
            {
                var leaf = added[i].Value;
                parameters.Add($"k{i}", leaf.Kind);
                parameters.Add($"t{i}", leaf.Text, DbType.String);
                parameters.Add($"n{i}", leaf.Number, DbType.Double);
                return $"(@Hub, @DeviceId, @ModuleId, {name}, @k{i}, @t{i}, @n{i})";
            });
            await ExecuteAsync(transaction, $"INSERT INTO twin_tags (hub, device_id, module_id, path, kind, text_value, number_value) VALUES {string.Join(", ", rows)}", parameters, cancellationToken);
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

    private static bool IsIn(Dictionary<string, TagLeaf> leaves, KeyValuePair<string, TagLeaf> leaf) => leaves.TryGetValue(leaf.Key, out var kept) && kept == leaf.Value;

    private static (DynamicParameters Parameters, List<string> Names) Begin(TwinRow twin, KeyValuePair<string, TagLeaf>[] leaves)
    {
        var parameters = new DynamicParameters(new { twin.Hub, twin.DeviceId, twin.ModuleId });
        var names = new List<string>(leaves.Length);
        for (var i = 0; i < leaves.Length; i++)
        {
            parameters.Add($"p{i}", leaves[i].Key);
            names.Add($"@p{i}");
        }

        return (parameters, names);
    }

    private static Task<int> ExecuteAsync(WriteTransaction transaction, string sql, DynamicParameters parameters, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(sql, parameters, transaction.Transaction, cancellationToken: cancellationToken));

    private readonly record struct TagLeaf(string Kind, string? Text, double? Number);
}
