using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Admission;

/// <summary>Counts refusals and says them in one line per reason and interval: a flood must not flood the log.</summary>
internal sealed class RefusalTally(TransportMetrics metrics, ILogger<RefusalTally> log)
{
    private const int IntervalSeconds = 10;

    private readonly ConcurrentDictionary<Refusal, long> _counts = new();
    private int _beats;

    public void Add(Refusal refusal, EndPoint? remote)
    {
        var reason = Name(refusal);
        metrics.Refused(reason);
        TransportLog.ConnectionRefused(log, remote, reason);
        _counts.AddOrUpdate(refusal, 1, static (_, n) => n + 1);
    }

    /// <summary>Called by the heartbeat, once a second.</summary>
    public void Beat()
    {
        if (++_beats % IntervalSeconds != 0)
        {
            return;
        }

        foreach (var refusal in _counts.Keys)
        {
            if (_counts.TryRemove(refusal, out var count))
            {
                TransportLog.RefusalsSummed(log, count, IntervalSeconds, Name(refusal));
            }
        }
    }

    private static string Name(Refusal refusal) => refusal switch
    {
        Refusal.Draining => "draining",
        Refusal.AddressRule => "address_rule",
        Refusal.TooMany => "too_many",
        Refusal.TooManyUnauthenticated => "too_many_unauthenticated",
        _ => "too_many_from_address",
    };
}
