using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Configurations;

/// <summary>A configuration as a back end sends it. What belongs to the hub (ETag, times, results, system metrics) is ignored.</summary>
public sealed class ConfigurationInput
{
    internal const int MaxBodyDepth = 64;

    private ConfigurationInput(string? id, JsonObject? content, string targetCondition, long priority, JsonObject labels, JsonObject metrics) =>
        (Id, Content, TargetCondition, Priority, Labels, Metrics) = (id, content, targetCondition, priority, labels, metrics);

    /// <summary>As in the body.</summary>
    public string? Id { get; }

    internal JsonObject? Content { get; }

    internal string TargetCondition { get; }

    internal long Priority { get; }

    internal JsonObject Labels { get; }

    /// <summary>Queries by name.</summary>
    internal JsonObject Metrics { get; }

    /// <summary>ArgumentInvalid when the body is no configuration.</summary>
    public static Result<ConfigurationInput> Parse(ReadOnlySpan<byte> json)
    {
        var body = SoundJson.Parse(json, MaxBodyDepth);
        return body.IsOk ? Read(body.Value) : body.Error;
    }

    /// <summary>ArgumentInvalid when the object is no configuration.</summary>
    internal static Result<ConfigurationInput> Read(JsonObject body)
    {
        var (id, target, priority) = (Find(body, "id"), Find(body, "targetCondition"), Find(body, "priority"));
        if (!IsText(id) || !IsText(target))
        {
            return HubErrors.ArgumentInvalid.With("id and targetCondition must be strings.");
        }

        var given = 0L;
        if (priority is not null && (priority.GetValueKind() != JsonValueKind.Number || !priority.AsValue().TryGetValue(out given) || given is < 0 or > int.MaxValue))
        {
            return HubErrors.ArgumentInvalid.With($"The priority must be a whole number from 0 to {int.MaxValue}.");
        }

        var content = Find(body, "content");
        var metrics = Find(body, "metrics") is JsonObject all ? Find(all, "queries") : null;
        return content is not (null or JsonObject) || Find(body, "labels") is not (null or JsonObject) || metrics is not (null or JsonObject)
            ? HubErrors.ArgumentInvalid.With("content, labels and the queries of metrics must be objects.")
            : new ConfigurationInput(
                (string?)id, content as JsonObject, (string?)target ?? "", given, WithoutNulls(Find(body, "labels")), WithoutNulls(metrics));
    }

    // Names in any case, as everywhere on this plane.
    internal static JsonNode? Find(JsonObject parent, string name) =>
        parent[name] ?? parent.FirstOrDefault(member => member.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    private static bool IsText(JsonNode? node) => node is null || node.GetValueKind() == JsonValueKind.String;

    private static JsonObject WithoutNulls(JsonNode? node)
    {
        var kept = new JsonObject();
        foreach (var (key, value) in node as JsonObject ?? [])
        {
            if (value is not null)
            {
                kept[key] = value.DeepClone();
            }
        }

        return kept;
    }
}
