using System.Text.Json.Nodes;

namespace Gatehouse.Hub.Configurations;

/// <summary>What the metrics of a configuration counted, as it is stored.</summary>
internal static class ConfigurationResults
{
    internal const string System = "system";
    internal const string Custom = "custom";

    internal static IReadOnlyDictionary<string, long> Read(JsonObject results, string part) =>
        results[part] is JsonObject counted ? counted.ToDictionary(each => each.Key, each => each.Value!.GetValue<long>()) : new Dictionary<string, long>();
}
