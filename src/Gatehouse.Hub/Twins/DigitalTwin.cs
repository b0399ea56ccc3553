using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Twins;

/// <summary>The twin seen as IoT Plug and Play: properties and components with what is wanted, what the device made of it, and when. Pure functions.</summary>
/// <remarks>Source: "IoT Plug and Play conventions" and the Digital Twin REST API. A component is an object with <c>"__t":"c"</c>; a device answers a desired value with <c>{"value","ac","av","ad"}</c>.</remarks>
public static class DigitalTwin
{
    internal const string ComponentMark = "__t";
    private const int MaxPatchDepth = 32;

    /// <summary>The document of <c>GET /digitaltwins/{id}</c>.</summary>
    public static JsonObject Show(Twin twin)
    {
        var (desired, reported) = (Half(twin.Desired), Half(twin.Reported));
        var shown = new JsonObject { ["$dtId"] = twin.Key.Device.Value };
        var metadata = new JsonObject { ["$model"] = twin.ModelId ?? "" };
        foreach (var name in Names(desired.Values, reported.Values))
        {
            if (IsComponent(desired.Values[name]) || IsComponent(reported.Values[name]))
            {
                shown[name] = Component(desired.Within(name), reported.Within(name), twin.Desired.Version);
            }
            else
            {
                AddProperty(shown, metadata, name, desired, reported, twin.Desired.Version);
            }
        }

        shown["$metadata"] = metadata;
        return shown;
    }

    /// <summary>A JSON Patch (RFC 6902: add, replace, remove of <c>/property</c>, <c>/component</c> or <c>/component/property</c>) as a merge patch of desired properties. ArgumentInvalid.</summary>
    /// <param name="json">UTF-8.</param>
    public static Result<TwinUpdate> ReadPatch(ReadOnlySpan<byte> json)
    {
        // An array is no twin: it is read as the one member of an object, by the same rules.
        var body = SoundJson.Parse([.. "{\"patch\":"u8, .. json, .. "}"u8], MaxPatchDepth);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (body.Value is not { Count: 1 } || body.Value["patch"] is not JsonArray operations)
        {
            return Invalid("The body is not a JSON Patch: an array of operations.");
        }

        var desired = new JsonObject();
        foreach (var operation in operations)
        {
            var fault = operation is JsonObject members ? Apply(desired, members) : "An operation of the patch is not an object.";
            if (fault is not null)
            {
                return Invalid(fault);
            }
        }

        return TwinUpdate.OfDesired(desired);
    }

    private static string? Apply(JsonObject desired, JsonObject operation)
    {
        if (Text(operation["op"]) is not ("add" or "replace" or "remove") || Text(operation["path"]) is not { Length: > 1 } path || path[0] != '/')
        {
            return "An operation needs an op (add, replace or remove) and a path such as /property or /component/property.";
        }

        var isRemoval = Text(operation["op"]) == "remove";
        if (!isRemoval && operation["value"] is null)
        {
            return "An operation that adds or replaces needs a value.";
        }

        var segments = path[1..].Split('/').Select(segment => segment.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToList();
        if (segments.Count > 2)
        {
            return "A path names a property, a component, or a property of a component.";
        }

        var value = isRemoval ? null : WithoutMetadata(operation["value"]!.DeepClone());
        if (segments.Count == 1)
        {
            desired[segments[0]] = value;
            return null;
        }

        if (desired[segments[0]] is not JsonObject component)
        {
            desired[segments[0]] = component = new JsonObject { [ComponentMark] = "c" };
        }

        component[segments[1]] = value;
        return null;
    }

    // A component is added as {"$metadata":{},…}; in the twin it has its mark instead.
    private static JsonNode WithoutMetadata(JsonNode value)
    {
        if (value is JsonObject members && members.Remove("$metadata"))
        {
            members[ComponentMark] = "c";
        }

        return value;
    }

    private static JsonObject Component(TwinHalf desired, TwinHalf reported, long version)
    {
        var shown = new JsonObject();
        var metadata = new JsonObject();
        foreach (var name in Names(desired.Values, reported.Values).Where(name => name != ComponentMark))
        {
            AddProperty(shown, metadata, name, desired, reported, version);
        }

        shown["$metadata"] = metadata;
        return shown;
    }

    private static void AddProperty(JsonObject shown, JsonObject metadata, string name, TwinHalf desired, TwinHalf reported, long version)
    {
        var facts = new JsonObject();
        if (desired.Values[name] is { } wanted)
        {
            facts["desiredValue"] = wanted.DeepClone();
            facts["desiredVersion"] = (desired.Metadata[name] as JsonObject)?[TwinStamp.LastUpdatedVersion]?.DeepClone() ?? version;
        }

        if (reported.Values[name] is { } told)
        {
            var answer = IsAcknowledgement(told) ? (JsonObject)told : null;
            shown[name] = (answer is null ? told : answer["value"])?.DeepClone();
            Copy(answer, "av", facts, "ackVersion");
            Copy(answer, "ac", facts, "ackCode");
            Copy(answer, "ad", facts, "ackDescription");
        }

        if (((reported.Metadata[name] ?? desired.Metadata[name]) as JsonObject)?[TwinStamp.LastUpdated] is { } time)
        {
            facts["lastUpdateTime"] = time.DeepClone();
        }

        metadata[name] = facts;
    }

    private static void Copy(JsonObject? from, string name, JsonObject to, string newName)
    {
        if (from?[name] is { } value)
        {
            to[newName] = value.DeepClone();
        }
    }

    private static TwinHalf Half(TwinSection section) => new(JsonNode.Parse(section.Json.Span)!.AsObject(), JsonNode.Parse(section.Metadata.Span)!.AsObject());

    private static IEnumerable<string> Names(JsonObject desired, JsonObject reported) => reported.Select(member => member.Key).Union(desired.Select(member => member.Key), StringComparer.Ordinal);

    /// <summary>Whether a reported value answers a desired one.</summary>
    internal static bool IsAcknowledgement(JsonNode? node) => node is JsonObject members && members.ContainsKey("value") && members.ContainsKey("av");

    internal static bool IsComponent(JsonNode? node) => node is JsonObject members && Text(members[ComponentMark]) == "c";

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static HubError Invalid(string message) => HubErrors.ArgumentInvalid.With(message);

    private readonly record struct TwinHalf(JsonObject Values, JsonObject Metadata)
    {
        internal TwinHalf Within(string name) => new(Values[name] as JsonObject ?? [], Metadata[name] as JsonObject ?? []);
    }
}
