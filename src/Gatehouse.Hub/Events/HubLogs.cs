using Gatehouse.Contracts.Identities;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Events;

/// <summary>The event log of each hub, made with the configured number of partitions when it is first asked for.</summary>
public sealed class HubLogs(IEventLogs logs, EventOptions options)
{
    /// <summary>Whether other nodes append to the same logs.</summary>
    internal bool IsShared => logs.IsShared;

    public ValueTask<IEventLog> OpenAsync(HubName hub, CancellationToken cancellationToken) => logs.OpenAsync(hub.Value, options.PartitionCount, cancellationToken);

    /// <summary>A queue beside it with as many partitions: no hub's name has an underscore.</summary>
    internal async ValueTask<IEventLog> OpenQueueAsync(HubName hub, string name, CancellationToken cancellationToken) =>
        await logs.OpenQueueAsync($"{hub.Value}_{name}", (await OpenAsync(hub, cancellationToken)).PartitionCount, cancellationToken);
}
