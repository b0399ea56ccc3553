using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>How many keys are older than their rule allows, as the node that carries the rule out has seen it; the others say nothing.</summary>
internal sealed class RuleMetrics
{
    private readonly ConcurrentDictionary<(HubName Hub, string Kind), (long OverAge, long Overdue)> seen = new();

    public RuleMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Gatehouse.Hub");
        meter.CreateObservableGauge("gatehouse.rotation.keys.old", () => seen.Select(static each => Of(each.Key, each.Value.OverAge)), "{pair}", "Pairs of keys with one that is older than its rule allows, by hub (or provisioning service) and kind; those that are being rotated too.");
        meter.CreateObservableGauge("gatehouse.rotation.keys.overdue", () => seen.Select(static each => Of(each.Key, each.Value.Overdue)), "{pair}", "Of them, those that should have been rotated by now; above 0 for long: someone should look.");
    }

    internal void Set(RuleRow rule, long overAge, long overdue) => seen[(rule.Tenant, rule.Kind)] = (overAge, overdue);

    internal void Clear(HubName hub, string kind) => seen.TryRemove((hub, kind), out _);

    private static Measurement<long> Of((HubName Hub, string Kind) key, long count) => new(count, new KeyValuePair<string, object?>("hub", key.Hub.Value), new KeyValuePair<string, object?>("kind", key.Kind));
}
