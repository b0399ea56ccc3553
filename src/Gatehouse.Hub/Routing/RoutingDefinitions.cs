using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Resources;
using Gatehouse.Sinks;
using Gatehouse.Store;

namespace Gatehouse.Hub.Routing;

/// <summary>The routes, endpoints and enrichments of a hub. Each change is one transaction with its audit record and the signal on which the router looks again.</summary>
/// <remarks>One ETag for all parts, as the resource of the management API has it. Answers mask the secrets of endpoints.</remarks>
public sealed class RoutingDefinitions
{
    private readonly Database database;
    private readonly EndpointSeal seal;
    private readonly RoutingOptions options;
    private readonly SinkOptions sinks;

    internal RoutingDefinitions(Database database, EndpointSeal seal, RoutingOptions options, SinkOptions sinks) =>
        (this.database, this.seal, this.options, this.sinks) = (database, seal, options, sinks);

    public async Task<RoutingProperties> GetAsync(HubName hub, CancellationToken cancellationToken) => (await ReadAsync(hub, cancellationToken)).Show();

    /// <summary>Puts all parts at once, as the management API does. Endpoints that stay keep their queue, and their secrets where none or the mask is sent.</summary>
    public Task<Result<RoutingProperties>> ReplaceAsync(HubName hub, RoutingProperties routing, IfMatch ifMatch, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, ifMatch, actor, present => ReplaceAll(hub, routing, present), saved => saved.Show(), cancellationToken);

    public Task<Result<Saved<MessageRoute>>> PutRouteAsync(HubName hub, MessageRoute route, IfMatch ifMatch, string actor, CancellationToken cancellationToken)
    {
        var isNew = false;
        return ChangeAsync(hub, ifMatch, actor, present =>
        {
            var (routes, added, error) = Put(present.Routes, RoutingRules.Check(route, options), each => RoutingRules.IsSame(each.Name, route.Name));
            isNew = added;
            return error ?? Change.Of(
                present with { Routes = routes }, added ? "route.create" : "route.update", route.Name, new JsonObject { ["source"] = route.Source, ["endpoint"] = route.EndpointNames?[0], ["enabled"] = route.IsEnabled });
        }, saved => new Saved<MessageRoute>(saved.Routes.First(each => RoutingRules.IsSame(each.Name, route.Name)), isNew), cancellationToken);
    }

    /// <summary>GenericNotFound when there is none.</summary>
    public Task<Result<string>> DeleteRouteAsync(HubName hub, string name, IfMatch ifMatch, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, ifMatch, actor, present => present.Routes.FirstOrDefault(each => RoutingRules.IsSame(each.Name, name)) is { } found
            ? Change.Of(present with { Routes = [.. present.Routes.Where(each => each != found)] }, "route.delete", found.Name, null)
            : NotFound("route", name), _ => name, cancellationToken);

    public Task<Result<Saved<RoutingEndpoint>>> PutEndpointAsync(HubName hub, RoutingEndpoint endpoint, IfMatch ifMatch, string actor, CancellationToken cancellationToken)
    {
        var isNew = false;
        return ChangeAsync(hub, ifMatch, actor, present =>
        {
            isNew = present.FindEndpoint(endpoint.Name) is null;
            var (endpoints, _, error) = Put(present.Endpoints, Take(hub, endpoint, present), each => RoutingRules.IsSame(each.Shown.Name, endpoint.Name));
            return error ?? Change.Of(present with { Endpoints = endpoints }, isNew ? "endpoint.create" : "endpoint.update", endpoint.Name, new JsonObject { ["type"] = endpoint.Type });
        }, saved => new Saved<RoutingEndpoint>(saved.FindEndpoint(endpoint.Name)!.Shown, isNew), cancellationToken);
    }

    /// <summary>What its queue holds is gone with it. InvalidOperation while a route or an enrichment names it.</summary>
    public Task<Result<string>> DeleteEndpointAsync(HubName hub, string name, IfMatch ifMatch, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, ifMatch, actor, present => DeleteEndpoint(present, name), _ => name, cancellationToken);

    public Task<Result<Saved<MessageEnrichment>>> PutEnrichmentAsync(HubName hub, MessageEnrichment enrichment, IfMatch ifMatch, string actor, CancellationToken cancellationToken)
    {
        var isNew = false;
        return ChangeAsync(hub, ifMatch, actor, present =>
        {
            var (enrichments, added, error) = Put(present.Enrichments, RoutingRules.Check(enrichment, options), each => RoutingRules.IsSame(each.Key, enrichment.Key));
            isNew = added;
            return error ?? Change.Of(
                present with { Enrichments = enrichments }, added ? "enrichment.create" : "enrichment.update", enrichment.Key, new JsonObject { ["value"] = enrichment.Value });
        }, saved => new Saved<MessageEnrichment>(saved.Enrichments.First(each => RoutingRules.IsSame(each.Key, enrichment.Key)), isNew), cancellationToken);
    }

    public Task<Result<string>> DeleteEnrichmentAsync(HubName hub, string key, IfMatch ifMatch, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(hub, ifMatch, actor, present => present.Enrichments.FirstOrDefault(each => RoutingRules.IsSame(each.Key, key)) is { } found
            ? Change.Of(present with { Enrichments = [.. present.Enrichments.Where(each => each != found)] }, "enrichment.delete", found.Key, null)
            : NotFound("enrichment", key), _ => key, cancellationToken);

    public Task<Result<FallbackRoute>> PutFallbackAsync(HubName hub, bool isEnabled, IfMatch ifMatch, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(
            hub,
            ifMatch,
            actor,
            present => Change.Of(present with { FallbackRoute = new FallbackRoute { IsEnabled = isEnabled } }, "route.update", FallbackRoute.RouteName, new JsonObject { ["enabled"] = isEnabled }),
            saved => saved.FallbackRoute,
            cancellationToken);

    internal Task<StoredRouting> ReadAsync(HubName hub, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, cancel) => RoutingRows.ReadAsync(connection, null, hub, cancel), cancellationToken);

    private static HubError NotFound(string what, string name) => HubErrors.GenericNotFound.With($"There is no {what} '{ResourceName.Cut(name)}'.");

    private static (IReadOnlyList<T> Items, bool IsNew, HubError? Error) Put<T>(IReadOnlyList<T> items, Result<T> item, Predicate<T> isIt)
    {
        if (!item.IsOk)
        {
            return (items, false, item.Error);
        }

        var list = items.ToList();
        var at = list.FindIndex(isIt);
        if (at < 0)
        {
            list.Add(item.Value);
        }
        else
        {
            list[at] = item.Value;
        }

        return (list, at < 0, null);
    }

    private static Result<Change> DeleteEndpoint(StoredRouting present, string name)
    {
        if (present.FindEndpoint(name) is not { } found)
        {
            return NotFound("endpoint", name);
        }

        if (present.Routes.FirstOrDefault(each => each.EndpointNames!.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } route)
        {
            return HubErrors.InvalidOperation.With($"Route '{route.Name}' leads to endpoint '{found.Shown.Name}': delete the route first.");
        }

        return present.Enrichments.FirstOrDefault(each => each.EndpointNames!.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } enrichment
            ? HubErrors.InvalidOperation.With($"Enrichment '{enrichment.Key}' names endpoint '{found.Shown.Name}': change the enrichment first.")
            : Change.Of(present with { Endpoints = [.. present.Endpoints.Where(each => each != found)] }, "endpoint.delete", found.Shown.Name, null);
    }

    private Result<Change> ReplaceAll(HubName hub, RoutingProperties routing, StoredRouting present)
    {
        var (endpoints, routes, enrichments) = (new List<StoredEndpoint>(), new List<MessageRoute>(), new List<MessageEnrichment>());
        if (Collect(routing.Endpoints, each => Take(hub, each, present), endpoints) is { } badEndpoint)
        {
            return badEndpoint;
        }

        if (Collect(routing.Routes, each => RoutingRules.Check(each, options), routes) is { } badRoute)
        {
            return badRoute;
        }

        if (Collect(routing.Enrichments, each => RoutingRules.Check(each, options), enrichments) is { } badEnrichment)
        {
            return badEnrichment;
        }

        var next = new StoredRouting
        {
            Endpoints = endpoints,
            Routes = routes,
            Enrichments = enrichments,
            FallbackRoute = new FallbackRoute { IsEnabled = routing.FallbackRoute.IsEnabled },
        };
        return Change.Of(next, "routing.update", hub.Value, new JsonObject { ["endpoints"] = endpoints.Count, ["routes"] = routes.Count, ["enrichments"] = enrichments.Count, ["fallback"] = routing.FallbackRoute.IsEnabled });
    }

    private static HubError? Collect<TGiven, TKept>(IReadOnlyList<TGiven> given, Func<TGiven, Result<TKept>> check, List<TKept> kept)
    {
        foreach (var each in given)
        {
            var result = check(each);
            if (!result.IsOk)
            {
                return result.Error;
            }

            kept.Add(result.Value);
        }

        return null;
    }

    /// <summary>An endpoint of another type is another endpoint, with a queue of its own.</summary>
    private Result<StoredEndpoint> Take(HubName hub, RoutingEndpoint given, StoredRouting present)
    {
        var known = present.FindEndpoint(given.Name);
        var isSame = known is not null && known.Shown.Type == given.Type;
        var id = isSame ? known!.Shown.Id : ResourceName.NewETag().ToLowerInvariant();
        var checkedEndpoint = EndpointRules.Check(seal.Complete(hub, given, isSame ? known : null) with { Id = id }, sinks);
        return checkedEndpoint.IsOk ? seal.Seal(hub, checkedEndpoint.Value) : checkedEndpoint.Error;
    }

    private async Task<Result<T>> ChangeAsync<T>(
        HubName hub, IfMatch ifMatch, string actor, Func<StoredRouting, Result<Change>> change, Func<StoredRouting, T> answer, CancellationToken cancellationToken)
    {
        var saved = await database.WriteAsync<StoredRouting>(async (write, cancel) =>
        {
            if (await HubLock.TakeAsync(write, database.Dialect, hub, cancel) is { } missing)
            {
                return missing;
            }

            var present = await RoutingRows.ReadAsync(write.Connection, write.Transaction, hub, cancel);
            if (ifMatch.Kind == IfMatchKind.Version && ifMatch.ETag != present.ETag)
            {
                return HubErrors.PreconditionFailed;
            }

            var made = change(present);
            if (!made.IsOk)
            {
                return made.Error;
            }

            if (RoutingRules.Check(made.Value.Next, options) is { } wrong)
            {
                return wrong;
            }

            var next = made.Value.Next with { ETag = ResourceName.NewETag() };
            await RoutingRows.SaveAsync(write, hub, next, cancel);
            write.Audit(new AuditRecord { Hub = hub.Value, Actor = actor, Action = made.Value.Action, Subject = made.Value.Subject, Detail = made.Value.Detail?.ToJsonString() });
            write.Signal(new Signal(SignalSubjects.RoutingChanged, hub.Value, ""));
            return next;
        }, cancellationToken);
        return saved.IsOk ? Result<T>.Of(answer(saved.Value)) : saved.Error;
    }

    private sealed record Change(StoredRouting Next, string Action, string Subject, JsonObject? Detail)
    {
        internal static Result<Change> Of(StoredRouting next, string action, string subject, JsonObject? detail) => new Change(next, action, subject, detail);
    }
}
