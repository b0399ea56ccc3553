using Gatehouse.Transport.Admission;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Connections;

/// <summary>All open connections: a dense array that the heartbeat walks. Entering and leaving are one swap under a short lock.</summary>
internal sealed class ConnectionTable(Gate gate, TransportOptions options, CoarseClock clock, TransportMetrics metrics, ILogger<ConnectionTable> log) : IDisposable
{
    private readonly CancellationTokenSource _draining = new();
    private readonly Lock _lock = new();
    private readonly List<ConnectionWatch> _watches = [];

    public Gate Gate => gate;

    public KnownAddresses Known { get; } = new();

    public ConnectionLimits Limits => options.Limits;

    public CoarseClock Clock => clock;

    public TransportMetrics Metrics => metrics;

    public ILogger Log => log;

    public CancellationToken Draining => _draining.Token;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _watches.Count;
            }
        }
    }

    public void Add(ConnectionWatch watch)
    {
        lock (_lock)
        {
            watch.Slot = _watches.Count;
            _watches.Add(watch);
        }

        metrics.Opened(watch.Protocol);
    }

    public void Remove(ConnectionWatch watch)
    {
        lock (_lock)
        {
            var last = _watches[^1];
            _watches[watch.Slot] = last;
            last.Slot = watch.Slot;
            _watches.RemoveAt(_watches.Count - 1);
        }

        watch.Leave();
        metrics.Closed(watch.Protocol);
    }

    /// <summary>Cuts what is due and lets beat what asked for it, outside the lock: both run callbacks.</summary>
    public void Sweep(long now, long utcTicks)
    {
        List<(ConnectionWatch Watch, string Reason, string Cause)>? due = null;
        List<ConnectionWatch>? beating = null;
        lock (_lock)
        {
            foreach (var watch in _watches)
            {
                if (watch.Due(now, utcTicks) is { } verdict)
                {
                    (due ??= []).Add((watch, verdict.Reason, verdict.Cause));
                }
                else if (watch.IsBeatDue(now))
                {
                    (beating ??= []).Add(watch);
                }
            }
        }

        foreach (var (watch, reason, cause) in due ?? [])
        {
            watch.Abort(reason, cause);
        }

        foreach (var watch in beating ?? [])
        {
            watch.Beat();
        }
    }

    public void StartDraining()
    {
        gate.Drain();
        _draining.Cancel();
    }

    public int AbortAll(string reason, string cause)
    {
        List<ConnectionWatch> all;
        lock (_lock)
        {
            all = [.. _watches];
        }

        foreach (var watch in all)
        {
            watch.Abort(reason, cause);
        }

        return all.Count;
    }

    public void Dispose() => _draining.Dispose();
}
