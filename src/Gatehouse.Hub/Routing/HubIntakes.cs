using System.Collections.Concurrent;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Events;
using Gatehouse.Store;
using Gatehouse.Streams.Log;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Routing;

/// <summary>The intake of each hub, kept up with its routes.</summary>
public sealed class HubIntakes : IDisposable
{
    internal const string Queue = "intake";

    private readonly HubLogs logs;
    private readonly RoutingDefinitions definitions;
    private readonly Database database;
    private readonly ILogger log;
    private readonly ConcurrentDictionary<HubName, HubIntake> open = new();
    private readonly SemaphoreSlim changing = new(1);
    private readonly IDisposable subscription;

    internal HubIntakes(HubLogs logs, RoutingDefinitions definitions, Database database, ISignals signals, ILogger log)
    {
        (this.logs, this.definitions, this.database, this.log) = (logs, definitions, database, log);
        subscription = signals.Subscribe(SignalSubjects.RoutingChanged, signal => _ = OnChangedAsync(signal));
    }

    /// <summary>Tells that a hub's routes changed and are in force.</summary>
    internal event Action<HubName>? Changed;

    /// <summary>The same instance on every call.</summary>
    public async ValueTask<HubIntake> OpenAsync(HubName hub, CancellationToken cancellationToken)
    {
        if (open.TryGetValue(hub, out var present))
        {
            return present;
        }

        await changing.WaitAsync(cancellationToken);
        try
        {
            return open.TryGetValue(hub, out present) ? present : open[hub] = await MakeAsync(hub, cancellationToken);
        }
        finally
        {
            changing.Release();
        }
    }

    public void Dispose()
    {
        subscription.Dispose();
        changing.Dispose();
    }

    /// <summary>Takes the stored routes into force.</summary>
    internal async Task ReloadAsync(HubName hub, CancellationToken cancellationToken)
    {
        var intake = await OpenAsync(hub, cancellationToken);
        await changing.WaitAsync(cancellationToken);
        try
        {
            var table = await ReadTableAsync(hub, cancellationToken);
            var routed = table.IsDirect || intake.IsRouted ? null : await OpenRoutedAsync(hub, cancellationToken);
            intake.Table = table;
            if (routed is not null)
            {
                intake.RouteThrough(routed);
            }
        }
        finally
        {
            changing.Release();
        }

        Changed?.Invoke(hub);
    }

    private ValueTask<IEventLog> OpenRoutedAsync(HubName hub, CancellationToken cancellationToken) => logs.OpenQueueAsync(hub, Queue, cancellationToken);

    private async Task<RouteTable> ReadTableAsync(HubName hub, CancellationToken cancellationToken)
    {
        var table = RouteTable.Compile(hub, await definitions.ReadAsync(hub, cancellationToken));
        foreach (var (route, fault) in table.Unreadable)
        {
            log.RouteUnreadable(route, hub.Value, fault);
        }

        return table;
    }

    private async Task<HubIntake> MakeAsync(HubName hub, CancellationToken cancellationToken)
    {
        var table = await ReadTableAsync(hub, cancellationToken);
        var intake = new HubIntake(await logs.OpenAsync(hub, cancellationToken), table);
        var positions = await database.ReadAsync((connection, cancel) => PositionRows.ReadAsync(connection, hub, Queue, cancel), cancellationToken);
        if (table.IsDirect && positions.Count == 0)
        {
            return intake;
        }

        // What an earlier run took in for the router goes first; another node may take more in yet.
        var routed = await OpenRoutedAsync(hub, cancellationToken);
        var isDrained = Enumerable.Range(0, routed.PartitionCount).All(part => routed.GetState(part).LastSequenceNumber < positions.GetValueOrDefault(part));
        if (!table.IsDirect || !isDrained || logs.IsShared)
        {
            intake.RouteThrough(routed);
        }

        return intake;
    }

    private async Task OnChangedAsync(Signal signal)
    {
        // Also for a hub that is not open: it may be opening, and have read its routes already.
        if (HubName.TryParse(signal.Hub, out var hub))
        {
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    await ReloadAsync(hub, CancellationToken.None);
                    return;
                }
                catch (ObjectDisposedException)
                {
                    // The server stops.
                    return;
                }
                catch (Exception error)
                {
                    // Never given up: events would go the old ways for good.
                    log.RoutesNotRead(hub.Value, error);
                    await Task.Delay(TimeSpan.FromSeconds(Math.Min(attempt + 1, 30)));
                }
            }
        }
    }
}
