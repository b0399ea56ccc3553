using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Routing;

/// <summary>The routing of a hub made ready to be asked: conditions parsed, names resolved. Never changes.</summary>
internal sealed class RouteTable
{
    /// <summary>Place of the built-in endpoint among <see cref="Targets"/>.</summary>
    internal const int Events = 0;

    private readonly List<CompiledRoute>[] routes = [.. Enum.GetValues<RouteSource>().Select(_ => new List<CompiledRoute>())];
    private readonly List<CompiledEnrichment>[] enrichments;
    private readonly List<(string Route, string Fault)> unreadable = [];

    private RouteTable(StoredRouting stored) =>
        (Targets, enrichments) = ([null, .. stored.Endpoints], [.. stored.Endpoints.Select(_ => new List<CompiledEnrichment>()).Append([])]);

    /// <summary>The custom endpoints; null for <c>events</c>.</summary>
    internal IReadOnlyList<StoredEndpoint?> Targets { get; }

    /// <summary>Routes whose stored condition is none to this version, with what is wrong with it: they take nothing.</summary>
    internal IReadOnlyList<(string Route, string Fault)> Unreadable => unreadable;

    /// <summary>Whether device messages that no route takes go to <c>events</c>.</summary>
    internal bool HasFallback { get; private init; }

    /// <summary>Whether all that comes in goes to <c>events</c> as it is.</summary>
    internal bool IsDirect { get; private init; }

    internal IReadOnlyList<CompiledRoute> Of(RouteSource source) => routes[(int)source];

    /// <summary>Whether events of this source are worth making.</summary>
    internal bool Wants(RouteSource source) => routes[(int)source].Count > 0;

    internal IReadOnlyList<CompiledEnrichment> EnrichmentsOf(int target) => enrichments[target];

    internal static RouteTable Compile(HubName hub, StoredRouting stored)
    {
        var enabled = stored.Routes.Where(route => route.IsEnabled).ToList();
        var table = new RouteTable(stored)
        {
            // A hub without routes sends everything to events, the fallback route off or on.
            HasFallback = stored.FallbackRoute.IsEnabled || stored.Routes.Count == 0,
            IsDirect = enabled.Count == 0
                && (stored.Routes.Count == 0 || stored.FallbackRoute.IsEnabled)
                && !stored.Enrichments.Any(each => each.EndpointNames!.Any(name => RoutingRules.IsSame(name, RoutingEndpoint.BuiltIn))),
        };
        foreach (var route in enabled)
        {
            var condition = Condition.Parse(route.Condition!, QueryScope.Message);
            if (condition.IsOk)
            {
                table.routes[(int)RoutingRules.SourceOf(route.Source)!.Value].Add(new CompiledRoute(route.Name, condition.Value, table.Find(route.EndpointNames![0])));
            }
            else
            {
                table.unreadable.Add((route.Name, condition.Error.Message));
            }
        }

        foreach (var each in stored.Enrichments)
        {
            var enrichment = CompiledEnrichment.Of(hub, each);
            foreach (var name in each.EndpointNames!)
            {
                table.enrichments[table.Find(name)].Add(enrichment);
            }
        }

        return table;
    }

    private int Find(string name)
    {
        for (var i = 1; i < Targets.Count; i++)
        {
            if (RoutingRules.IsSame(Targets[i]!.Shown.Name, name))
            {
                return i;
            }
        }

        return Events;
    }
}

/// <param name="Name">Of the route.</param>
/// <param name="Condition">What it takes.</param>
/// <param name="Target">Index into <see cref="RouteTable.Targets"/>.</param>
internal sealed record CompiledRoute(string Name, Condition Condition, int Target);
