using System.Buffers;
using System.Text.Json;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing;

/// <summary>Judges the events of one partition of the intake, in order, and copies each into the log of every endpoint that a route sends it to.</summary>
/// <remarks>At least once, and in the logs exactly once while the routes stay: each copy says where it came in, and a router that was cut short looks at the last one.</remarks>
internal sealed class PartitionRouter(int part, HubIntake intake, Func<RouteTable, int, IEventLog> logOf, TwinSource twins, RoutingCounts counts, RoutingMetrics metrics) : IDisposable
{
    private const int MaxRecordBytes = 512 * 1024;

    /// <summary>Events that are looked through at once for the last one that was routed.</summary>
    private const int Window = 256;

    /// <summary>Windows with events that came straight after which none is expected that was routed, where other nodes write as well.</summary>
    private const int SharedWindows = 64;

    private readonly MessageSubject subject = new();
    private readonly RoutedRecord record = new();
    private readonly Dictionary<IEventLog, long> carried = [];
    private bool[] taken = [];

    /// <summary>Whether other nodes write to the logs. One that has not heard of the routes yet, or still knows some that are gone, goes on for a while as it did.</summary>
    internal bool IsShared { get; init; }

    /// <summary>Carries on one block of the intake; the next sequence number, or the same when there is nothing.</summary>
    internal async Task<long> RouteAsync(IEventLog source, long next, CancellationToken cancellationToken)
    {
        var events = await source.ReadBlockAsync(part, next, cancellationToken);
        if (events.Count == 0)
        {
            return next;
        }

        twins.Forget();
        var wait = new CommitWait();
        foreach (var each in events)
        {
            await RouteAsync(each, wait, cancellationToken);
        }

        return await wait.WaitAsync().WaitAsync(cancellationToken)
            ? events[^1].SequenceNumber + 1
            : throw new IOException("Routed events could not be stored.");
    }

    /// <summary>After a failure: what the logs hold must be looked at again.</summary>
    internal void Forget() => carried.Clear();

    public void Dispose() => subject.Dispose();

    private async ValueTask RouteAsync(StoredEvent each, CommitWait wait, CancellationToken cancellationToken)
    {
        var table = intake.Table;
        var source = EventSources.Of(each.Record.Span);
        subject.Take(each.Record, each.EnqueuedTime);
        if (taken.Length < table.Targets.Count)
        {
            taken = new bool[table.Targets.Count];
        }

        Array.Clear(taken);
        var isTaken = false;
        JsonElement? twin = null;
        foreach (var route in table.Of(source))
        {
            if (route.Condition.UsesTwin && twin is null)
            {
                twin = await twins.FindAsync(each.Record, cancellationToken);
                subject.Twin = twin;
            }

            if (route.Condition.IsTrue(subject))
            {
                isTaken = taken[route.Target] = true;
            }
        }

        if (!isTaken)
        {
            if (source != RouteSource.DeviceMessages || !table.HasFallback)
            {
                Count(source == RouteSource.DeviceMessages ? "orphaned" : "dropped");
                return;
            }

            taken[RouteTable.Events] = true;
            Count("fallback");
        }

        for (var target = 0; target < table.Targets.Count; target++)
        {
            if (taken[target])
            {
                await CopyAsync(each, table, target, source, twin, wait, cancellationToken);
            }
        }
    }

    private async ValueTask CopyAsync(StoredEvent each, RouteTable table, int target, RouteSource source, JsonElement? twin, CommitWait wait, CancellationToken cancellationToken)
    {
        // Digital twin events are not enriched. Source: IoT Hub "Message enrichments" page.
        var enrichments = source == RouteSource.DigitalTwinChangeEvents ? [] : table.EnrichmentsOf(target);
        if (twin is null && enrichments.Any(enrichment => enrichment.UsesTwin))
        {
            twin = await twins.FindAsync(each.Record, cancellationToken);
        }

        var log = logOf(table, target);
        if (!carried.TryGetValue(log, out var last))
        {
            carried[log] = last = await LastAsync(log, cancellationToken);
        }

        if (each.SequenceNumber <= last)
        {
            return;
        }

        wait.Add();
        while (!TryAppend(log, each, enrichments, twin, wait))
        {
            await log.WaitForRoomAsync(cancellationToken);
        }

        carried[log] = each.SequenceNumber;
        Count("routed");
    }

    private bool TryAppend(IEventLog log, in StoredEvent each, IReadOnlyList<CompiledEnrichment> enrichments, JsonElement? twin, CommitWait wait)
    {
        var body = RoutedRecord.BodyOf(each.Record);
        return log.TryAppend(part, record.Head(each, enrichments, twin, MaxRecordBytes - body.Length), new ReadOnlySequence<byte>(body), wait, 0);
    }

    private async ValueTask<long> LastAsync(IEventLog log, CancellationToken cancellationToken)
    {
        // Dead letters that were sent again may lie behind it and say nothing of the intake.
        var (first, last, _) = log.GetState(part);
        var direct = 0;
        for (var end = last + 1; end > first;)
        {
            var from = Math.Max(first, end - Window);
            var (found, isDirect) = await LookAsync(log, from, end, cancellationToken);
            if (found >= 0)
            {
                return found;
            }

            // What came straight lies behind what was routed only when all of the intake was carried on and noted, and next to it for the moment in which routes come into force.
            // Another node may not have heard of the routes for longer than that. Nothing before it is needed, and there may be millions.
            if (isDirect && ++direct >= (IsShared ? SharedWindows : 1))
            {
                break;
            }

            end = from;
        }

        return -1;
    }

    /// <summary>Place in the intake of the last event there that has one, or −1; and whether an event came straight.</summary>
    private async ValueTask<(long Found, bool IsDirect)> LookAsync(IEventLog log, long from, long end, CancellationToken cancellationToken)
    {
        var (found, isDirect) = (-1L, false);
        for (var at = from; at < end;)
        {
            var block = await log.ReadBlockAsync(part, at, cancellationToken);
            foreach (var each in block.TakeWhile(each => each.SequenceNumber < end))
            {
                found = Math.Max(found, RoutedRecord.SequenceOf(each.Record.Span));
                isDirect |= !RoutedRecord.IsRouted(each.Record.Span);
            }

            at = block.Count == 0 ? end : block[^1].SequenceNumber + 1;
        }

        return (found, isDirect);
    }

    private void Count(string result)
    {
        metrics.Egress(result);
        switch (result)
        {
            case "routed":
                counts.CountRouted();
                break;
            case "fallback":
                counts.CountFallback();
                break;
            case "orphaned":
                counts.CountOrphaned();
                break;
            default:
                counts.CountDropped();
                break;
        }
    }
}
