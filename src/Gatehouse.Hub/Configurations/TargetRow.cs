using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Hub.Configurations;

/// <summary>A row of <c>configuration_targets</c>: a configuration targets a twin, and owns some of its desired properties.</summary>
internal sealed record TargetRow
{
    public string ConfigurationId { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public string ModuleId { get; init; } = "";

    public long IsApplied { get; init; }

    /// <summary>JSON: lists of keys by module.</summary>
    public string Owned { get; init; } = "{}";

    internal IEnumerable<(string Module, PropertyPath Path)> OwnedPaths()
    {
        using var json = JsonDocument.Parse(Owned);
        var paths = new List<(string, PropertyPath)>();
        foreach (var module in json.RootElement.EnumerateObject())
        {
            foreach (var path in module.Value.EnumerateArray())
            {
                paths.Add((module.Name, new PropertyPath([.. path.EnumerateArray().Select(key => key.GetString()!)])));
            }
        }

        return paths;
    }

    internal static string Write(IEnumerable<(string Module, PropertyPath Path)> paths)
    {
        var json = new JsonObject();
        foreach (var module in paths.GroupBy(path => path.Module, path => path.Path))
        {
            json[module.Key] = new JsonArray([.. module.Select(path => (JsonNode)new JsonArray([.. path.Keys.Select(key => (JsonNode)key)]))]);
        }

        return json.ToJsonString();
    }
}
