using System.Text.Json;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Configurations;

/// <summary>All configurations of a hub as of one revision, and which changes of twins they look at. Immutable.</summary>
internal sealed class ConfigurationSet
{
    private readonly IReadOnlyList<PropertyPath> deviceTags;
    private readonly IReadOnlyList<PropertyPath> deviceReports;
    private readonly IReadOnlyList<PropertyPath> moduleTags;
    private readonly IReadOnlyList<PropertyPath> moduleReports;
    private readonly bool isEdgeDecisive;

    internal ConfigurationSet(long revision, IEnumerable<CompiledConfiguration> all)
    {
        Revision = revision;
        All = [.. all.OrderBy(each => each.Priority).ThenBy(each => each.Created).ThenBy(each => each.Id, StringComparer.Ordinal)];
        deviceTags = Watched(QuerySource.Devices, "tags");
        deviceReports = Watched(QuerySource.Devices, "properties");
        moduleTags = Watched(QuerySource.Modules, "tags");
        moduleReports = Watched(QuerySource.Modules, "properties");
        isEdgeDecisive = Has(ContentKind.Edge) || All.Any(each => each.Kind == ContentKind.Device && each.Target.Paths.Any(path => path.Steps[0].Name == "capabilities"));
    }

    internal long Revision { get; }

    /// <summary>Of the lowest precedence first: a higher priority wins, of equal ones the later one.</summary>
    /// <remarks>Source: "Automatic IoT device and module management" page.</remarks>
    internal IReadOnlyList<CompiledConfiguration> All { get; }

    internal bool Has(ContentKind kind) => All.Any(each => each.Kind == kind);

    /// <summary>Which twin is to be evaluated after a change: the device for what its modules get by Edge deployments; nobody when the change decides nothing.</summary>
    internal IEnumerable<IdentityKey> UnitsOf(TwinChange change)
    {
        using var json = change.Kind == TwinChangeKind.UpdateTwin ? JsonDocument.Parse(change.Json) : null;
        var patch = json?.RootElement ?? default;
        var module = change.Key.Module?.Value ?? "";
        if (module.Length == 0)
        {
            if (change.Kind != TwinChangeKind.DeleteIdentity && (Has(ContentKind.Device) || Has(ContentKind.Edge)) && IsOf(change.Kind, patch, deviceTags, deviceReports, ContentKind.Device, ""))
            {
                yield return change.Key;
            }

            yield break;
        }

        if (module[0] != '$' && change.Kind != TwinChangeKind.DeleteIdentity && Has(ContentKind.Module) && IsOf(change.Kind, patch, moduleTags, moduleReports, ContentKind.Module, ""))
        {
            yield return change.Key;
        }

        // $edgeAgent comes and goes with a device's being one of IoT Edge.
        var isEdgeChange = module == ConfigurationContent.EdgeAgent && change.Kind is TwinChangeKind.CreateIdentity or TwinChangeKind.DeleteIdentity;
        if (isEdgeChange ? isEdgeDecisive : Has(ContentKind.Edge) && change.Kind != TwinChangeKind.DeleteIdentity && IsOf(change.Kind, patch, [], [], ContentKind.Edge, module))
        {
            yield return new IdentityKey(change.Key.Device);
        }
    }

    private bool IsOf(TwinChangeKind kind, JsonElement patch, IReadOnlyList<PropertyPath> tags, IReadOnlyList<PropertyPath> reports, ContentKind content, string module) =>
        kind is TwinChangeKind.CreateIdentity or TwinChangeKind.ReplaceTwin
        || (Find(patch, "tags") is { } tagPatch && tags.Any(path => path.IsTouchedBy(tagPatch)))
        || (Find(patch, "properties") is { } properties
            && ((Find(properties, "reported") is { } reported && reports.Any(path => path.IsTouchedBy(reported)))
                || (Find(properties, "desired") is { } desired && All.Any(each => each.Kind == content && each.Layer(module).Any(value => value.Path.IsTouchedBy(desired))))));

    private static JsonElement? Find(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? value : null;

    // As far as the first index: a list is written as a whole.
    private List<PropertyPath> Watched(QuerySource source, string root)
    {
        var skipped = root == "tags" ? 1 : 2;
        return
        [
            .. All.Where(each => each.Target.Source == source).SelectMany(each => each.Target.Paths).Where(path => path.Steps[0].Name == root)
                .Select(path => new PropertyPath([.. path.Steps.Skip(skipped).TakeWhile(step => step.Name is not null).Select(step => step.Name!)])),
        ];
    }
}
