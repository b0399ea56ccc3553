using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Gatehouse.Transport.Connections;

/// <summary>What the heartbeat watches of one accepted connection: its deadlines, and how to cut it. No timer of its own.</summary>
internal sealed class ConnectionWatch
{
    private const long Never = long.MaxValue;

    private readonly ConnectionContext _context;
    private readonly ConnectionTable _table;
    private readonly IPAddress _address;
    private long _authenticateBy;
    private long _closeBy = Never;
    private long _deadlineUtcTicks = Never;
    private long _touched;
    private long _idleMilliseconds = Never;
    private long _beatMilliseconds = Never;
    private long _nextBeat = Never;
    private Action? _beat;
    private int _known;
    private int _aborted;

    public ConnectionWatch(ConnectionContext context, ConnectionTable table, IPAddress address, string protocol)
    {
        (_context, _table, _address, Protocol) = (context, table, address, protocol);
        RestartAuthentication();
    }

    public string Protocol { get; }

    public EndPoint? RemoteEndPoint => _context.RemoteEndPoint;

    /// <summary>Place in the table; the table's own.</summary>
    internal int Slot { get; set; }

    public bool IsKnown => Volatile.Read(ref _known) != 0;

    /// <summary>Whether anybody has been authenticated at its address.</summary>
    public bool IsFromKnownAddress => _table.Known.Contains(_address);

    public bool IsAborted => Volatile.Read(ref _aborted) != 0;

    public CancellationToken Draining => _table.Draining;

    public CancellationToken Closed => _context.ConnectionClosed;

    /// <summary>Begins the time for authentication (again, for a WebSocket: its CONNECT may follow a request that used the first).</summary>
    public void RestartAuthentication() => Volatile.Write(ref _authenticateBy, _table.Clock.Exact + (long)_table.Limits.AuthenticationTimeout.TotalMilliseconds);

    /// <summary>HTTP has time-outs of its own after TLS; the peer stays unknown and counts as such.</summary>
    public void StopAuthenticationClock() => Volatile.Write(ref _authenticateBy, Never);

    public void MarkAuthenticated()
    {
        if (Interlocked.Exchange(ref _known, 1) == 0)
        {
            Volatile.Write(ref _authenticateBy, Never);
            _table.Gate.MarkKnown(_address);
            _table.Known.Add(_address);
        }
    }

    public void SetIdleTimeout(TimeSpan? timeout)
    {
        // Not by the coarse clock: a beat that comes late on a busy machine would count against a connection that has just begun.
        Volatile.Write(ref _touched, _table.Clock.Exact);

        // One beat more: the last touch may be stamped one beat early, and nobody is to be cut before the time.
        Volatile.Write(ref _idleMilliseconds, timeout is { } t ? (long)t.TotalMilliseconds + Heartbeat.PeriodMilliseconds : Never);
    }

    public void Touch() => Volatile.Write(ref _touched, _table.Clock.Now);

    public void SetDeadline(DateTimeOffset? deadline) => Volatile.Write(ref _deadlineUtcTicks, deadline?.UtcTicks ?? Never);

    public void SetBeat(TimeSpan? period, Action? beat)
    {
        Volatile.Write(ref _beat, beat);
        var milliseconds = period is { } p && beat is not null ? (long)p.TotalMilliseconds : Never;
        Volatile.Write(ref _beatMilliseconds, milliseconds);
        Volatile.Write(ref _nextBeat, milliseconds == Never ? Never : _table.Clock.Now + milliseconds);
    }

    /// <summary>Whether its beat is due; the heartbeat then calls <see cref="Beat"/>.</summary>
    internal bool IsBeatDue(long now)
    {
        if (now < Volatile.Read(ref _nextBeat))
        {
            return false;
        }

        Volatile.Write(ref _nextBeat, now + Volatile.Read(ref _beatMilliseconds));
        return true;
    }

    /// <summary>What it throws ends this connection, not the one timer of all of them.</summary>
    internal void Beat()
    {
        try
        {
            Volatile.Read(ref _beat)?.Invoke();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            TransportLog.HandlerFailed(_table.Log, e, RemoteEndPoint);
            Abort("its beat failed", "handler");
        }
    }

    /// <summary>The protocol is over: last bytes may take this long to leave.</summary>
    public void CloseBy(TimeSpan timeout) => Volatile.Write(ref _closeBy, _table.Clock.Exact + (long)timeout.TotalMilliseconds);

    public void Abort(string reason, string cause)
    {
        if (Interlocked.Exchange(ref _aborted, 1) != 0)
        {
            return;
        }

        TransportLog.ConnectionAborted(_table.Log, RemoteEndPoint, reason);
        _table.Metrics.Aborted(cause);
        _context.Abort(new ConnectionAbortedException(reason));
    }

    /// <summary>Why the connection must end now; null when it may live.</summary>
    internal (string Reason, string Cause)? Due(long now, long utcTicks)
    {
        if (now >= Volatile.Read(ref _authenticateBy))
        {
            return ("the peer did not authenticate in time", "authentication_timeout");
        }

        if (now >= Volatile.Read(ref _closeBy))
        {
            return ("its last bytes were not taken in time", "close_timeout");
        }

        if (utcTicks >= Volatile.Read(ref _deadlineUtcTicks))
        {
            return ("its deadline (token end) has come", "deadline");
        }

        var idle = Volatile.Read(ref _idleMilliseconds);
        return idle != Never && now - Volatile.Read(ref _touched) >= idle ? ("nothing arrived for the idle time-out", "idle") : null;
    }

    internal void Leave() => _table.Gate.Leave(_address, Interlocked.Exchange(ref _known, 1) != 0);
}
