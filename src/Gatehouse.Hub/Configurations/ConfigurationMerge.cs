using System.Text.Json.Nodes;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Configurations;

/// <summary>What becomes of the desired properties of one twin that several configurations set. Pure.</summary>
/// <remarks>
/// Of two that set the same path the one of higher precedence wins; what a lower one sets elsewhere stays: the service calls that a partial modification.
/// Source: "Automatic IoT device and module management" page.
/// </remarks>
internal static class ConfigurationMerge
{
    /// <param name="desired">As they are.</param>
    /// <param name="owned">What configurations have set until now; goes.</param>
    /// <param name="layers">What each sets, of the lowest precedence first.</param>
    internal static JsonObject Apply(JsonObject desired, IEnumerable<PropertyPath> owned, IEnumerable<IReadOnlyList<ContentValue>> layers)
    {
        var merged = desired.DeepClone().AsObject();
        foreach (var path in owned)
        {
            path.Remove(merged);
        }

        foreach (var value in layers.SelectMany(layer => layer))
        {
            value.Path.Set(merged, value.Value);
        }

        return merged;
    }

    /// <summary>Whether a layer sets something that none of those above it sets too.</summary>
    internal static bool IsEffective(IReadOnlyList<ContentValue> layer, IEnumerable<IReadOnlyList<ContentValue>> above)
    {
        var higher = above.SelectMany(each => each).ToList();
        return layer.Any(value => !higher.Exists(other => other.Path.Covers(value.Path)));
    }

    /// <summary>The merge patch that makes one of the other; null when they are the same.</summary>
    internal static JsonObject? Difference(JsonObject from, JsonObject to)
    {
        var patch = new JsonObject();
        foreach (var (key, _) in from)
        {
            if (!to.ContainsKey(key))
            {
                patch[key] = null;
            }
        }

        foreach (var (key, value) in to)
        {
            var before = from[key];
            if (before is JsonObject inner && value is JsonObject members)
            {
                if (Difference(inner, members) is { } deeper)
                {
                    patch[key] = deeper;
                }
            }
            else if (!from.ContainsKey(key) || !JsonNode.DeepEquals(before, value))
            {
                patch[key] = value?.DeepClone();
            }
        }

        return patch.Count == 0 ? null : patch;
    }

    internal static bool Fits(JsonObject desired, TwinOptions options) => TwinRules.CheckSize(TwinText.Write(desired), "desired properties", options.MaxDesiredBytes) is null
        && TwinRules.Check(TwinText.Write(desired), options) is null;
}
