using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Routing.Outbox;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Twins;

/// <summary>Tells what happens to twins and identities: routes by the outbox, in the transaction that does it; this process's observers after its commit. What nobody asks for costs a look at the hub's routes.</summary>
public sealed class TwinChanges
{
    private readonly Database database;
    private readonly EventOutbox outbox;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private ImmutableArray<Action<TwinChange>> observers = [];

    internal TwinChanges(Database database, EventOutbox outbox, TimeProvider time, ILogger log) => (this.database, this.outbox, this.time, this.log) = (database, outbox, time, log);

    internal bool IsObserved => !observers.IsEmpty;

    /// <summary>Calls the observer for each change until disposed, on the writer's thread: it must be quick and must not throw.</summary>
    public IDisposable Subscribe(Action<TwinChange> observer)
    {
        ImmutableInterlocked.Update(ref observers, static (all, added) => all.Add(added), observer);
        return new Subscription(this, observer);
    }

    /// <summary>What a back end wrote.</summary>
    internal async Task AddUpdateAsync(WriteTransaction transaction, TwinRow row, TwinUpdate update, TwinStamp stamp, CancellationToken cancellationToken)
    {
        var (hub, key) = (HubName.Parse(row.Hub), row.Key);
        var events = new List<HubMadeEvent>(2);
        var isWanted = await outbox.WantsAsync(hub, RouteSource.TwinChangeEvents, cancellationToken);
        if (isWanted || IsObserved)
        {
            var body = update.IsReplacement ? TwinEvents.Whole(row) : TwinEvents.Update(row, update, stamp);
            var kind = update.IsReplacement ? TwinChangeKind.ReplaceTwin : TwinChangeKind.UpdateTwin;
            Add(transaction, new TwinChange(hub, key, kind, row.Version, time.GetUtcNow(), body), isWanted, events);
        }

        if (update.Desired is { } desired && await WantsDigitalTwinAsync(hub, key, row.ModelId, cancellationToken))
        {
            AddDigitalTwin(events, hub, key, row.ModelId!, DigitalTwinPatch.OfDesired(desired.Content, row.DesiredVersion));
        }

        await AddAsync(transaction, hub, events, cancellationToken);
    }

    /// <summary>What devices reported, in order; those that were refused are passed over.</summary>
    internal async Task AddReportsAsync(WriteTransaction transaction, IReadOnlyList<PendingReport> reports, TwinStamp stamp, CancellationToken cancellationToken)
    {
        foreach (var hub in reports.Select(report => report.Place.Hub).Distinct())
        {
            var isWanted = await outbox.WantsAsync(hub, RouteSource.TwinChangeEvents, cancellationToken);
            if (!isWanted && !IsObserved && !await outbox.WantsAsync(hub, RouteSource.DigitalTwinChangeEvents, cancellationToken))
            {
                continue;
            }

            var events = new List<HubMadeEvent>();
            foreach (var report in reports.Where(report => report.Outcome.IsOk && report.Place.Hub == hub))
            {
                var (key, state) = (report.Place.Key, report.State!);
                if (isWanted || IsObserved)
                {
                    Add(transaction, new TwinChange(hub, key, TwinChangeKind.UpdateTwin, state.TwinVersion, time.GetUtcNow(), TwinEvents.Report(state, report.Patch, stamp)), isWanted, events);
                }

                if (await WantsDigitalTwinAsync(hub, key, state.ModelId, cancellationToken))
                {
                    AddDigitalTwin(events, hub, key, state.ModelId!, DigitalTwinPatch.OfReported(report.Patch, stamp.Time));
                }
            }

            await AddAsync(transaction, hub, events, cancellationToken);
        }
    }

    /// <summary>An identity came, or is about to go: its twin as it is now.</summary>
    internal async Task AddLifecycleAsync(WriteTransaction transaction, HubName hub, IdentityRow identity, TwinChangeKind kind, CancellationToken cancellationToken)
    {
        var isWanted = await outbox.WantsAsync(hub, RouteSource.DeviceLifecycleEvents, cancellationToken);
        if (!isWanted && !IsObserved)
        {
            return;
        }

        // A report that comes at the same time is told before the deletion, or not at all.
        await TwinRows.LockAllAsync(transaction, database.Dialect, hub, [identity.DeviceId], cancellationToken);
        if (await TwinRows.FindInAsync(transaction, hub, identity.Key, cancellationToken) is { } row)
        {
            var events = new List<HubMadeEvent>(1);
            Add(transaction, new TwinChange(hub, identity.Key, kind, row.Version, time.GetUtcNow(), TwinEvents.Lifecycle(row)), isWanted, events);
            await AddAsync(transaction, hub, events, cancellationToken);
        }
    }

    /// <summary>A device named its model.</summary>
    internal async Task AddModelAsync(WriteTransaction transaction, HubName hub, IdentityKey key, string? modelId, CancellationToken cancellationToken)
    {
        if (await WantsDigitalTwinAsync(hub, key, modelId, cancellationToken))
        {
            var events = new List<HubMadeEvent>(1);
            AddDigitalTwin(events, hub, key, modelId!, DigitalTwinPatch.OfModel(modelId!));
            await AddAsync(transaction, hub, events, cancellationToken);
        }
    }

    private async ValueTask<bool> WantsDigitalTwinAsync(HubName hub, IdentityKey key, string? modelId, CancellationToken cancellationToken) =>
        modelId is not null && !key.IsModule && await outbox.WantsAsync(hub, RouteSource.DigitalTwinChangeEvents, cancellationToken);

    private void Add(WriteTransaction transaction, TwinChange change, bool isWanted, List<HubMadeEvent> events)
    {
        if (isWanted)
        {
            events.Add(ToEvent(change));
        }

        if (IsObserved)
        {
            transaction.AfterCommit(() => Tell(change));
        }
    }

    private static HubMadeEvent ToEvent(TwinChange change)
    {
        var who = change.Key.IsModule ? "ModuleIdentity" : "DeviceIdentity";
        var (source, operation) = change.Kind switch
        {
            TwinChangeKind.UpdateTwin => (RouteSource.TwinChangeEvents, "updateTwin"),
            TwinChangeKind.ReplaceTwin => (RouteSource.TwinChangeEvents, "replaceTwin"),
            TwinChangeKind.CreateIdentity => (RouteSource.DeviceLifecycleEvents, "create" + who),
            _ => (RouteSource.DeviceLifecycleEvents, "delete" + who),
        };
        return new HubMadeEvent(change.Hub, change.Key, source, operation, change.Time, change.Json);
    }

    private void AddDigitalTwin(List<HubMadeEvent> events, HubName hub, IdentityKey key, string modelId, JsonArray patch)
    {
        if (patch.Count > 0)
        {
            events.Add(new HubMadeEvent(hub, key, RouteSource.DigitalTwinChangeEvents, "updateDigitalTwin", time.GetUtcNow(), TwinEvents.Fit(patch)) { ModelId = modelId });
        }
    }

    private Task AddAsync(WriteTransaction transaction, HubName hub, List<HubMadeEvent> events, CancellationToken cancellationToken) =>
        events.Count == 0 ? Task.CompletedTask : outbox.AddAsync(transaction, hub, events, cancellationToken);

    private void Tell(TwinChange change)
    {
        foreach (var observer in observers)
        {
            try
            {
                observer(change);
            }
            catch (Exception error)
            {
                log.TwinObserverFailed(error);
            }
        }
    }

    private sealed class Subscription(TwinChanges owner, Action<TwinChange> observer) : IDisposable
    {
        private int disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) == 0)
            {
                ImmutableInterlocked.Update(ref owner.observers, static (all, removed) => all.Remove(removed), observer);
            }
        }
    }
}
