using System.Collections.Concurrent;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Routing.Outbox;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing;

/// <summary>Routes the events of one hub and delivers to its endpoints, while this node holds the hub's lease.</summary>
internal sealed class HubRouter(HubName hub, HubIntake intake, RoutingParts parts) : IAsyncDisposable
{
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);

    private readonly Positions positions = new(parts.Database, hub);
    private readonly ConcurrentDictionary<string, RunningEndpoint> endpoints = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> tasks = [];
    private bool isRouting;

    internal RoutingCounts Counts { get; } = new();

    /// <summary>Opens the endpoints' queues, then begins. To be disposed also when it fails: deliveries may run.</summary>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        await ReconcileAsync(cancellationToken);
        tasks.Add(WritePositionsAsync());
    }

    /// <summary>Takes in endpoints that are new or changed, lets go of those that are gone, and routes once events go through routes. An endpoint that no route leads to still gets what waits for it.</summary>
    internal async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var wanted = intake.Table.Targets.OfType<StoredEndpoint>().ToDictionary(each => each.Shown.Id);
        foreach (var (id, running) in endpoints.ToArray())
        {
            if (!wanted.TryGetValue(id, out var now))
            {
                await running.StopAsync();
                await running.DropAsync(positions, cancellationToken);
                endpoints.TryRemove(id, out _);
            }
            else if (!now.Secrets.AsSpan().SequenceEqual(running.Definition.Secrets) || now.Shown != running.Definition.Shown)
            {
                await running.StopAsync();
                await positions.FlushAsync(cancellationToken);
                endpoints[id] = await BeginAsync(now, running.State, cancellationToken);
            }
        }

        foreach (var each in wanted.Values.Where(each => !endpoints.ContainsKey(each.Shown.Id)))
        {
            endpoints[each.Shown.Id] = await BeginAsync(each, new EndpointState(parts.Time), cancellationToken);
        }

        if (intake.IsRouted && !isRouting)
        {
            await BeginRoutingAsync(cancellationToken);
            isRouting = true;
        }
    }

    internal IEnumerable<(string Id, EndpointStatus Status)> ShowEndpoints() => endpoints.Select(each => (each.Key, each.Value.Show())).OrderBy(each => each.Item2.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Stops where it is; positions are written down.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(tasks);
        foreach (var each in endpoints.Values)
        {
            await each.StopAsync();
        }

        try
        {
            await positions.FlushAsync(CancellationToken.None);
        }
        catch (Exception error)
        {
            parts.Log.PositionsNotWritten(hub.Value, error);
        }

        stopping.Dispose();
    }

    private async Task BeginRoutingAsync(CancellationToken cancellationToken)
    {
        var source = intake.Log;
        var from = await positions.ReadAsync(HubIntakes.Queue, cancellationToken);
        for (var part = 0; part < source.PartitionCount; part++)
        {
            tasks.Add(RouteAsync(source, part, from.GetValueOrDefault(part)));
        }

        tasks.Add(MoveOutboxAsync());
        parts.Log.RoutingStarted(hub.Value);
    }

    private async Task MoveOutboxAsync()
    {
        // Off the caller's thread.
        await Task.Yield();
        using var pump = new OutboxPump(hub, intake, parts);
        await pump.RunAsync(stopping.Token);
    }

    private Task<RunningEndpoint> BeginAsync(StoredEndpoint endpoint, EndpointState state, CancellationToken cancellationToken) =>
        RunningEndpoint.StartAsync(hub, endpoint, state, positions, parts, cancellationToken);

    private async Task RouteAsync(IEventLog source, int part, long next)
    {
        // Off the caller's thread.
        await Task.Yield();
        using var router = new PartitionRouter(part, intake, LogOf, new TwinSource(parts.Twins, hub), Counts, parts.Metrics) { IsShared = parts.Logs.IsShared };
        var empty = 0;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var moved = await router.RouteAsync(source, next, stopping.Token);
                if (moved == next)
                {
                    await source.WaitForEventsAsync(part, next - 1, stopping.Token);
                    if (++empty > 2)
                    {
                        // Something is there that cannot be read.
                        await Task.Delay(RestartPause, parts.Time, stopping.Token);
                    }

                    continue;
                }

                (next, empty) = (moved, 0);
                positions.Move(HubIntakes.Queue, source, part, next);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                parts.Log.RouterFailed(hub.Value, part, error);
                router.Forget();
                await Task.Delay(RestartPause, parts.Time, CancellationToken.None);
            }
        }
    }

    /// <summary>The log of a target. An endpoint that was defined a moment ago has none yet: the router waits for it, as for a store that is away.</summary>
    private IEventLog LogOf(RouteTable table, int target) => target == RouteTable.Events ? intake.Events
        : endpoints.TryGetValue(table.Targets[target]!.Shown.Id, out var running) ? running.Queue
        : throw new IOException($"The queue of endpoint '{table.Targets[target]!.Shown.Name}' is not open yet.");

    private async Task WritePositionsAsync()
    {
        using var timer = new PeriodicTimer(parts.Options.PositionInterval, parts.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token))
            {
                try
                {
                    await positions.FlushAsync(stopping.Token);
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    parts.Log.PositionsNotWritten(hub.Value, error);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // DisposeAsync writes the rest.
        }
    }
}
