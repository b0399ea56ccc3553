using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Configurations;

/// <summary>Decides what the configurations of a hub make of one device or module. Pure.</summary>
/// <remarks>Sources: "Automatic IoT device and module management" and "Understand IoT Edge automatic deployments" pages.</remarks>
internal sealed class UnitEvaluation
{
    private readonly TwinRow twin;
    private readonly IReadOnlyDictionary<string, TwinRow> modules;
    private readonly IReadOnlyList<TargetRow> known;
    private readonly ILookup<string, PropertyPath> owned;
    private readonly TwinOptions options;
    private readonly IReadOnlyList<CompiledConfiguration> matched;
    private readonly HashSet<string> applied = new(StringComparer.Ordinal);

    // What did not fit sets nothing, and so owns nothing.
    private readonly HashSet<(string Module, string Id)> left = [];
    private readonly UnitPlan plan = new();

    private UnitEvaluation(ConfigurationSet set, TwinRow twin, IReadOnlyDictionary<string, TwinRow> modules, IReadOnlyList<TargetRow> known, TwinOptions options)
    {
        (this.twin, this.modules, this.known, this.options) = (twin, modules, known, options);
        owned = known.SelectMany(target => target.OwnedPaths()).ToLookup(each => each.Module, each => each.Path, StringComparer.Ordinal);
        matched = FindMatched(set);
    }

    /// <param name="set">The newest.</param>
    /// <param name="twin">Of the device or module.</param>
    /// <param name="modules">Twins of the modules of an Edge device; empty otherwise.</param>
    /// <param name="known">What was applied until now.</param>
    /// <param name="options">Limits of twins.</param>
    internal static UnitPlan Evaluate(ConfigurationSet set, TwinRow twin, IReadOnlyDictionary<string, TwinRow> modules, IReadOnlyList<TargetRow> known, TwinOptions options) =>
        new UnitEvaluation(set, twin, modules, known, options).Run();

    private UnitPlan Run()
    {
        var own = matched.Where(each => each.Kind != ContentKind.Edge).ToList();
        var deployments = FindDeployments();
        var patch = Merge("", twin, own);

        // Without a deployment the device keeps what it runs.
        var changes = deployments.Count == 0 ? [] : modules.ToDictionary(module => module.Key, module => Merge(module.Key, module.Value, deployments));

        // All merges first: only then it is known what is applied.
        foreach (var (name, module) in modules)
        {
            AddTwin(module, changes.GetValueOrDefault(name), name == ConfigurationContent.EdgeAgent ? Section(matched.Where(each => each.Kind == ContentKind.Edge)) : null);
        }

        AddTwin(twin, patch, Section(matched));
        AddTargets([.. own, .. deployments]);
        plan.MissingModules.AddRange(deployments.SelectMany(each => each.Content.Modules).Distinct(StringComparer.Ordinal).Where(name => !modules.ContainsKey(name)));
        return plan;
    }

    private IReadOnlyList<CompiledConfiguration> FindMatched(ConfigurationSet set)
    {
        var isModule = twin.ModuleId.Length > 0;
        var candidates = set.All.Where(each => each.Kind switch
        {
            ContentKind.Module => isModule && twin.ModuleId[0] != '$',
            ContentKind.Edge => !isModule && twin.IsEdge != 0 && modules.ContainsKey(ConfigurationContent.EdgeAgent),
            _ => !isModule,
        }).ToList();
        if (candidates.Count == 0)
        {
            return [];
        }

        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            TwinDocument.WriteTo(writer, twin.Show(default));
        }

        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        var subject = new DocumentSubject(document.RootElement);
        return [.. candidates.Where(each => each.Target.Condition.IsTrue(subject))];
    }

    // The base of highest precedence, and the layers above its priority: a layer of the same or a lower one is not applied.
    private IReadOnlyList<CompiledConfiguration> FindDeployments()
    {
        var all = matched.Where(each => each.Kind == ContentKind.Edge).ToList();
        return all.LastOrDefault(each => each.Content.IsBase) is { } basis
            ? [basis, .. all.Where(each => !each.Content.IsBase && each.Priority > basis.Priority)]
            : [];
    }

    private JsonObject? Merge(string module, TwinRow row, IReadOnlyList<CompiledConfiguration> configurations)
    {
        var layers = configurations.Where(each => each.Layer(module).Count > 0).ToList();
        if (!owned.Contains(module) && layers.Count == 0)
        {
            return null;
        }

        var desired = TwinText.Read(row.Desired);
        var merged = ConfigurationMerge.Apply(desired, owned[module], layers.Select(each => each.Layer(module)));
        if (!ConfigurationMerge.Fits(merged, options))
        {
            layers = FindFitting(module, desired, layers);
            merged = ConfigurationMerge.Apply(desired, owned[module], layers.Select(each => each.Layer(module)));
        }

        for (var i = 0; i < layers.Count; i++)
        {
            if (ConfigurationMerge.IsEffective(layers[i].Layer(module), layers.Skip(i + 1).Select(each => each.Layer(module))))
            {
                applied.Add(layers[i].Id);
            }
        }

        return ConfigurationMerge.Difference(desired, merged);
    }

    // What has precedence is kept as long as it fits.
    private List<CompiledConfiguration> FindFitting(string module, JsonObject desired, IReadOnlyList<CompiledConfiguration> layers)
    {
        var kept = new List<CompiledConfiguration>();
        foreach (var layer in layers.Reverse())
        {
            List<CompiledConfiguration> tried = [layer, .. kept];
            if (ConfigurationMerge.Fits(ConfigurationMerge.Apply(desired, owned[module], tried.Select(each => each.Layer(module))), options))
            {
                kept = tried;
            }
            else
            {
                plan.Refused.Add(layer.Id);
                left.Add((module, layer.Id));
            }
        }

        return kept;
    }

    private void AddTwin(TwinRow row, JsonObject? patch, JsonObject? configurations)
    {
        var section = configurations is null || JsonNode.DeepEquals(TwinText.Read(row.Configurations), configurations) ? null : configurations.ToJsonString();
        if (patch is not null || section is not null)
        {
            plan.Twins.Add(new TwinPlan(row, patch, section));
        }
    }

    private JsonObject Section(IEnumerable<CompiledConfiguration> configurations)
    {
        var section = new JsonObject();
        foreach (var configuration in configurations)
        {
            section[configuration.Id] = new JsonObject { ["status"] = applied.Contains(configuration.Id) ? "Applied" : "Targeted" };
        }

        return section;
    }

    private void AddTargets(List<CompiledConfiguration> effective)
    {
        foreach (var configuration in matched)
        {
            var paths = effective.Contains(configuration)
                ? configuration.Content.Values.Where(module => !left.Contains((module.Key, configuration.Id))).SelectMany(module => module.Value.Select(value => (module.Key, value.Path)))
                : [];
            var row = new TargetRow
            {
                ConfigurationId = configuration.Id,
                DeviceId = twin.DeviceId,
                ModuleId = twin.ModuleId,
                IsApplied = applied.Contains(configuration.Id) ? 1 : 0,
                Owned = TargetRow.Write(paths),
            };
            if (!known.Contains(row))
            {
                plan.Saved.Add(row);
            }
        }

        plan.Deleted.AddRange(known.Where(row => matched.All(each => each.Id != row.ConfigurationId)));
    }
}
