using System.Collections.Concurrent;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Routing.Outbox;

/// <summary>Takes events of the hub's own making in the transaction of what they tell, so that neither is there without the other. While no route asks for a source, nothing is made and nothing is written.</summary>
/// <remarks>They cannot go round: what the router does with an event changes no twin, no identity and no connection state.</remarks>
public sealed class EventOutbox
{
    /// <summary>Larger records would not fit into the log with what a route adds.</summary>
    private const int MaxRecordBytes = 400 * 1024;

    private static readonly TimeSpan TellAgain = TimeSpan.FromMinutes(1);

    // A full outbox is no reason to hold up the store: it does not empty from one write to the next.
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    private readonly Database database;
    private readonly HubIntakes intakes;
    private readonly RoutingOptions options;
    private readonly RoutingMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly ConcurrentDictionary<HubName, long> refused = new();
    private long toldFull;

    internal EventOutbox(Database database, HubIntakes intakes, RoutingOptions options, RoutingMetrics metrics, TimeProvider time, ILogger log) =>
        (this.database, this.intakes, this.options, this.metrics, this.time, this.log) = (database, intakes, options, metrics, time, log);

    /// <summary>Whether a route of this node's knowledge asks for the source: a look-up and a read of a field.</summary>
    internal async ValueTask<bool> WantsAsync(HubName hub, RouteSource source, CancellationToken cancellationToken) => (await intakes.OpenAsync(hub, cancellationToken)).Table.Wants(source);

    /// <summary>Adds events of one hub to the transaction. To be called while what they tell is locked in it, once for all: their order is that of the calls.</summary>
    internal async Task AddAsync(WriteTransaction write, HubName hub, IReadOnlyList<HubMadeEvent> events, CancellationToken cancellationToken)
    {
        if (events.Count > 0 && IsFull(hub))
        {
            Refuse(hub, events.Count);
            return;
        }

        var rows = new List<OutboxRow>(events.Count);
        foreach (var each in events)
        {
            var record = each.ToRecord();
            if (record.Length > MaxRecordBytes)
            {
                log.EventTooLarge(each.Source, each.Key.ToString(), hub.Value, record.Length);
                metrics.Egress("too_large");
                continue;
            }

            rows.Add(new OutboxRow { DeviceId = each.Key.Device.Value, Record = record });
        }

        if (rows.Count == 0)
        {
            return;
        }

        var taken = await OutboxRows.AddAsync(write, database.Dialect, hub, rows, options.MaxWaitingEvents, cancellationToken);
        if (taken < rows.Count)
        {
            refused[hub] = time.GetTimestamp();
            Refuse(hub, rows.Count - taken);
        }

        write.Signal(new Signal(SignalSubjects.EventsWaiting, hub.Value, ""));
    }

    private bool IsFull(HubName hub)
    {
        if (!refused.TryGetValue(hub, out var since))
        {
            return false;
        }

        if (time.GetElapsedTime(since) < AskAgain)
        {
            return true;
        }

        refused.TryRemove(hub, out _);
        return false;
    }

    // The twin or identity is written all the same: a hub whose events cannot go on must stay usable.
    private void Refuse(HubName hub, int count)
    {
        metrics.Egress("refused", count);
        var now = time.GetTimestamp();
        var last = Interlocked.Read(ref toldFull);
        if ((last == 0 || time.GetElapsedTime(last, now) > TellAgain) && Interlocked.CompareExchange(ref toldFull, now, last) == last)
        {
            log.OutboxFull(hub.Value, options.MaxWaitingEvents);
        }
    }
}
