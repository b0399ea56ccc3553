using Gatehouse.Transport.Connections;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Transport.Listeners;

/// <summary>Stop in order: no new connections, tell the open ones, wait a bounded time, cut what is left.</summary>
internal sealed class Drain(FrontDoor door, ConnectionTable table, TransportOptions options, IHostApplicationLifetime lifetime, TimeProvider time) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(door.Opened);
        lifetime.ApplicationStopping.Register(() => _ = RunAsync());
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    internal async Task RunAsync()
    {
        TransportLog.Draining(table.Log, table.Count, options.DrainTimeout.TotalSeconds);
        table.StartDraining();
        await Task.Delay(options.DrainTimeout, time);
        if (table.AbortAll("the server stops", "drain") is var cut and > 0)
        {
            TransportLog.DrainCut(table.Log, cut);
        }
    }
}
