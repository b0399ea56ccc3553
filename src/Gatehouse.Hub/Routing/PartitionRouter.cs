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

    private readonly MessageSubject subject = new();
    private readonly RoutedRecord record = new();
    private readonly Dictionary<IEventLog, long> carried = [];
    private bool[] taken = [];

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
        // Dead letters that were sent again lie behind it and say nothing of the intake.
        var (first, last, _) = log.GetState(part);
        for (var at = last; at >= first && at >= 0; at--)
        {
            if (await log.ReadAsync(part, at, 1, cancellationToken) is [var stored] && RoutedRecord.SequenceOf(stored.Record.Span) is >= 0 and var found)
            {
                return found;
            }
        }

        return -1;
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
