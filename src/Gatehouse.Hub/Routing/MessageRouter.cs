using System.Collections.Concurrent;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Routing.DeadLetters;
using Gatehouse.Hub.Routing.Outbox;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Hub.Routing;

/// <summary>Runs the router of each hub whose events go through routes: on one node at a time, by a lease in the store.</summary>
internal sealed class MessageRouter : BackgroundService
{
    private readonly HubIntakes intakes;
    private readonly HubDirectory directory;
    private readonly RoutingParts parts;
    private readonly string owner = Guid.NewGuid().ToString("N");
    private readonly ConcurrentDictionary<HubName, HubRouter> running = new();
    private readonly Dictionary<HubName, DateTimeOffset> heldUntil = [];
    private readonly HashSet<HubName> seen = [];
    private TaskCompletionSource wake = New();

    internal MessageRouter(HubIntakes intakes, HubDirectory directory, RoutingParts parts)
    {
        (this.intakes, this.directory, this.parts) = (intakes, directory, parts);
        intakes.Changed += OnChanged;
    }

    private TimeSpan Lease => parts.Options.LeaseTime;

    private TimeSpan Round => Lease / 4;

    /// <summary>How a hub's routing goes.</summary>
    internal async Task<RoutingStatus> ShowAsync(HubName hub, CancellationToken cancellationToken)
    {
        var intake = await intakes.OpenAsync(hub, cancellationToken);
        running.TryGetValue(hub, out var router);
        var counts = router?.Counts;
        var deadLetters = await parts.Database.ReadAsync((connection, cancel) => DeadLetterRows.CountAsync(connection, hub, cancel), cancellationToken);
        var endpoints = router?.ShowEndpoints() ?? intake.Table.Targets.OfType<StoredEndpoint>().Select(each => (each.Shown.Id, Status: new EndpointState(parts.Time).Show(each.Shown.Name, each.Shown.Type)));
        return new RoutingStatus
        {
            IsRouted = intake.IsRouted,
            IsRouter = router is not null,
            Waiting = await WaitingAsync(hub, intake, cancellationToken),
            Routed = counts?.Routed ?? 0,
            Fallback = counts?.Fallback ?? 0,
            Orphaned = counts?.Orphaned ?? 0,
            Dropped = counts?.Dropped ?? 0,
            Endpoints = [.. endpoints.Select(each => each.Status with { DeadLetters = deadLetters.GetValueOrDefault(each.Id) })],
        };
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        intakes.Changed -= OnChanged;
        foreach (var hub in running.Keys)
        {
            await EndAsync(hub);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Before the look: a change that comes during it is looked at once more.
            var woken = New();
            Volatile.Write(ref wake, woken);
            foreach (var hub in directory.All)
            {
                try
                {
                    await LookAfterAsync(hub.Name, stoppingToken);
                }
                catch (Exception error) when (!stoppingToken.IsCancellationRequested)
                {
                    parts.Log.RouterFailed(hub.Name.Value, -1, error);
                    await EndWithoutLeaseAsync(hub.Name);
                }
            }

            await Task.WhenAny(woken.Task, Task.Delay(Round, parts.Time, stoppingToken));
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void OnChanged(HubName hub) => Volatile.Read(ref wake).TrySetResult();

    private async Task LookAfterAsync(HubName hub, CancellationToken cancellationToken)
    {
        var intake = await intakes.OpenAsync(hub, cancellationToken);
        if (seen.Add(hub))
        {
            await DropUnwantedAsync(hub, intake, cancellationToken);
        }

        // A router that runs must hear that its last endpoint is gone.
        var isNeeded = intake.IsRouted || intake.Table.Targets.Count > 1;
        if (!isNeeded && !running.ContainsKey(hub))
        {
            return;
        }

        if (!await LeaseAsync(hub, cancellationToken))
        {
            await EndAsync(hub);
            return;
        }

        if (running.TryGetValue(hub, out var present))
        {
            await present.ReconcileAsync(cancellationToken);
            if (!isNeeded)
            {
                await EndAsync(hub);
            }
        }
        else
        {
            running[hub] = await StartAsync(hub, intake, cancellationToken);
        }
    }

    /// <summary>What an earlier run put into the outbox for routes that are gone. Where there are other nodes, one of them may know a route that this one has not heard of.</summary>
    private async Task DropUnwantedAsync(HubName hub, HubIntake intake, CancellationToken cancellationToken)
    {
        if (!intake.IsRouted && !parts.Logs.IsShared)
        {
            await parts.Database.DeleteInBatchesAsync((write, max, cancel) => OutboxRows.DropAsync(write, hub, max, cancel), cancellationToken);
        }
    }

    private async Task<HubRouter> StartAsync(HubName hub, HubIntake intake, CancellationToken cancellationToken)
    {
        var router = new HubRouter(hub, intake, parts);
        try
        {
            await router.StartAsync(cancellationToken);
            return router;
        }
        catch
        {
            await router.DisposeAsync();
            throw;
        }
    }

    // Another node may have taken over, or will in a moment: two routers would deliver twice.
    private async Task EndWithoutLeaseAsync(HubName hub)
    {
        if (parts.Logs.IsShared && heldUntil.TryGetValue(hub, out var until) && parts.Time.GetUtcNow() > until - Round)
        {
            await EndAsync(hub);
        }
    }

    private async Task<bool> LeaseAsync(HubName hub, CancellationToken cancellationToken)
    {
        if (!parts.Logs.IsShared)
        {
            return true;
        }

        var now = parts.Time.GetUtcNow();
        var leased = await parts.Database.WriteAsync<bool>(
            async (write, cancel) => await PositionRows.LeaseAsync(write, hub, owner, now.UtcTicks, (now + Lease).UtcTicks, cancel), cancellationToken);
        if (!leased.IsOk || !leased.Value)
        {
            return false;
        }

        heldUntil[hub] = now + Lease;
        return true;
    }

    private async Task EndAsync(HubName hub)
    {
        if (!running.TryRemove(hub, out var router))
        {
            return;
        }

        await router.DisposeAsync();
        if (!parts.Logs.IsShared)
        {
            return;
        }

        try
        {
            await parts.Database.WriteAsync<bool>(
                async (write, cancel) =>
                {
                    await PositionRows.ReleaseAsync(write, hub, owner, cancel);
                    return true;
                },
                CancellationToken.None);
        }
        catch (Exception error)
        {
            // It runs out by itself.
            parts.Log.PositionsNotWritten(hub.Value, error);
        }
    }

    private async Task<long> WaitingAsync(HubName hub, HubIntake intake, CancellationToken cancellationToken)
    {
        if (!intake.IsRouted)
        {
            return 0;
        }

        var source = intake.Log;
        var from = await parts.Database.ReadAsync((connection, cancel) => PositionRows.ReadAsync(connection, hub, HubIntakes.Queue, cancel), cancellationToken);
        return Enumerable.Range(0, source.PartitionCount).Sum(part => Math.Max(0, source.GetState(part).LastSequenceNumber + 1 - from.GetValueOrDefault(part)));
    }
}
