using System.Collections.Concurrent;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Throttling;

/// <summary>Counts what was held back and refused; says so in the log once a minute at most for each hub and class.</summary>
internal sealed class ThrottleReports(ThrottleMetrics metrics, TimeProvider time, ILogger log)
{
    private readonly ConcurrentDictionary<(HubName, ThrottleClass), Tally> tallies = new();

    internal void Held(HubName hub, ThrottleClass operations)
    {
        metrics.Held(operations);
        var tally = Of(hub, operations);
        Interlocked.Increment(ref tally.Held);
        Report(hub, operations, tally);
    }

    internal void Refused(HubName hub, ThrottleClass operations)
    {
        metrics.Refused(operations);
        var tally = Of(hub, operations);
        Interlocked.Increment(ref tally.Refused);
        Report(hub, operations, tally);
    }

    private Tally Of(HubName hub, ThrottleClass operations) => tallies.GetOrAdd((hub, operations), static _ => new Tally());

    private void Report(HubName hub, ThrottleClass operations, Tally tally)
    {
        var now = time.GetTimestamp();
        var last = Interlocked.Read(ref tally.Last);
        if ((last == 0 || time.GetElapsedTime(last, now) >= TimeSpan.FromMinutes(1)) && Interlocked.CompareExchange(ref tally.Last, now, last) == last)
        {
            log.LimitReached(hub.Value, operations, Interlocked.Exchange(ref tally.Held, 0), Interlocked.Exchange(ref tally.Refused, 0));
        }
    }

    private sealed class Tally
    {
        internal long Last;
        internal long Held;
        internal long Refused;
    }
}
