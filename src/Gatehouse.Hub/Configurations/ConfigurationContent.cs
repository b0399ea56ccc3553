using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Configurations;

/// <summary>What a configuration sets: paths of desired properties with their values, by module.</summary>
/// <remarks>Source: "Automatic IoT device and module management" page; for modulesContent "Deploy IoT Edge modules at scale" and "Understand IoT Edge automatic deployments".</remarks>
internal sealed class ConfigurationContent
{
    internal const string EdgeAgent = "$edgeAgent";
    internal const string EdgeHub = "$edgeHub";

    private const string Prefix = "properties.desired";
    private const int MaxPathKeys = 10;

    private static readonly (string Name, ContentKind Kind)[] Kinds = [("deviceContent", ContentKind.Device), ("moduleContent", ContentKind.Module), ("modulesContent", ContentKind.Edge)];

    private ConfigurationContent(ContentKind kind, IReadOnlyDictionary<string, IReadOnlyList<ContentValue>> values) => (Kind, Values) = (kind, values);

    internal ContentKind Kind { get; }

    /// <summary>By module; the key is empty when the twin itself is meant.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyList<ContentValue>> Values { get; }

    /// <summary>Whether an Edge deployment brings the whole <c>$edgeAgent</c> and <c>$edgeHub</c>; one that does not is a layer.</summary>
    internal bool IsBase => Values.TryGetValue(EdgeAgent, out var agent) && agent.Any(value => value.Path.Keys.Count == 0);

    /// <summary>Modules that an Edge deployment needs on its device, those of the runtime left out.</summary>
    internal IReadOnlyList<string> Modules
    {
        get
        {
            var deployed = Values.GetValueOrDefault(EdgeAgent, []).SelectMany(DeployedModules);
            return [.. Values.Keys.Concat(deployed).Where(name => name.Length > 0 && name[0] != '$' && ModuleId.TryParse(name, out _)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>InvalidConfigurationContent says what is wrong.</summary>
    internal static Result<ConfigurationContent> Read(JsonObject content, TwinOptions twins, ConfigurationOptions options)
    {
        if (TwinText.Write(content).Length > options.MaxContentBytes)
        {
            return Invalid($"The content has more than {options.MaxContentBytes} bytes.");
        }

        var given = Kinds.Where(kind => content[kind.Name] is JsonObject { Count: > 0 }).ToList();
        if (given.Count != 1 || content.Any(member => member.Value is not null and not JsonObject))
        {
            return Invalid("The content must have exactly one of deviceContent, moduleContent and modulesContent, each an object that is not empty.");
        }

        var (name, kind) = given[0];
        var values = new Dictionary<string, IReadOnlyList<ContentValue>>(StringComparer.Ordinal);
        foreach (var (module, members) in kind == ContentKind.Edge ? content[name]!.AsObject() : new JsonObject { [""] = content[name]!.DeepClone() })
        {
            if ((kind == ContentKind.Edge && !ModuleId.TryParse(module, out _)) || members is not JsonObject paths)
            {
                return Invalid("modulesContent must hold an object under the id of each module.");
            }

            var read = ReadPaths(paths, twins);
            if (!read.IsOk)
            {
                return read.Error;
            }

            values[module] = read.Value;
        }

        var made = new ConfigurationContent(kind, values);
        return kind == ContentKind.Edge && made.CheckEdge(options) is { } fault ? Invalid(fault) : made;
    }

    private static Result<IReadOnlyList<ContentValue>> ReadPaths(JsonObject paths, TwinOptions twins)
    {
        var values = new List<ContentValue>();
        foreach (var (text, value) in paths)
        {
            if (text != Prefix && !text.StartsWith(Prefix + ".", StringComparison.Ordinal))
            {
                return Invalid($"A key must be {Prefix} or begin with {Prefix}. and a path.");
            }

            var keys = text.Length == Prefix.Length ? [] : text[(Prefix.Length + 1)..].Split('.');
            if (keys.Length > MaxPathKeys || keys.Any(key => key.Length == 0) || (keys.Length == 0 && value is not JsonObject))
            {
                return Invalid("A path has an empty part or too many, or all desired properties are set to what is no object.");
            }

            if (WithoutNulls(value) is not { } kept)
            {
                continue;
            }

            // In its place in a twin, so that keys and depth are judged as there.
            var path = new PropertyPath(keys);
            var whole = new JsonObject();
            path.Set(whole, kept);
            if (TwinRules.Check(TwinText.Write(whole), twins) is { } refused)
            {
                return Invalid(refused.Message);
            }

            if (values.Any(other => other.Path.Covers(path) || path.Covers(other.Path)))
            {
                return Invalid("One path of the content lies within another.");
            }

            values.Add(new ContentValue(path, kept));
        }

        return values;
    }

    // A twin holds no nulls.
    private static JsonNode? WithoutNulls(JsonNode? node)
    {
        if (node is not JsonObject members)
        {
            return node?.DeepClone();
        }

        var kept = new JsonObject();
        foreach (var (key, value) in members)
        {
            if (WithoutNulls(value) is { } inner)
            {
                kept[key] = inner;
            }
        }

        return kept;
    }

    private string? CheckEdge(ConfigurationOptions options)
    {
        var (agent, hub) = (IsWhole(EdgeAgent), IsWhole(EdgeHub));
        if (agent != hub)
        {
            return $"A deployment has {Prefix} of both {EdgeAgent} and {EdgeHub}; a layered one has paths in them only.";
        }

        return Modules.Count > options.MaxEdgeModules ? $"A deployment has at most {options.MaxEdgeModules} modules." : null;
    }

    private bool IsWhole(string module) => Values.GetValueOrDefault(module, []).Any(value => value.Path.Keys.Count == 0);

    private static IEnumerable<string> DeployedModules(ContentValue value) => value.Path.Keys switch
    {
        [] => value.Value["modules"] is JsonObject modules ? modules.Select(module => module.Key) : [],
        ["modules"] => value.Value is JsonObject modules ? modules.Select(module => module.Key) : [],
        ["modules", var name, ..] => [name],
        _ => [],
    };

    private static HubError Invalid(string message) => HubErrors.InvalidConfigurationContent.With(message);
}

/// <summary>One path and what is set there; never null.</summary>
internal sealed record ContentValue(PropertyPath Path, JsonNode Value);
