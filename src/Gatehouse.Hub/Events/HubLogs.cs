using Gatehouse.Contracts.Identities;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Events;

/// <summary>The event log of each hub, made with the configured number of partitions when it is first asked for.</summary>
public sealed class HubLogs(IEventLogs logs, EventOptions options)
{
    public ValueTask<IEventLog> OpenAsync(HubName hub, CancellationToken cancellationToken) => logs.OpenAsync(hub.Value, options.PartitionCount, cancellationToken);
}
