using System.Buffers;
using System.Net;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Transport.Amqp.Sessions;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Connections;

/// <summary>
/// One AMQP connection after its headers: one task reads and dispatches frames; anything else comes in through links, under <see cref="Gate"/>.
/// What a peer gets wrong ends the smallest thing that is wrong: link, session, connection.
/// </summary>
internal sealed class AmqpConnection
{
    // A peer's own limit of less than this leaves no room for a transfer's head; the specification's least is 512.
    private const int LeastFrameBytes = 512;

    private static readonly TimeSpan BeatPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    [ThreadStatic]
    private static byte[]? scratch;

    private readonly ClientConnection connection;
    private readonly FrameDispatch dispatch;
    private NumberTable<AmqpSession> sessions;
    private List<OutgoingLink>? waitingForRoom;
    private long silentBeats;
    private long silentBeatsAllowed = long.MaxValue;
    private bool isUnproved;

    internal AmqpConnection(ClientConnection connection, AmqpParts parts, AmqpPeer peer)
    {
        (this.connection, Parts, Peer) = (connection, parts, peer);
        peer.Connection = this;
        Bounds = new ConnectionBounds(Gate, parts.Options);
        Output = new AmqpOutput(connection, Gate, parts.Options) { OnRoom = WakeWaitingForRoom };
        dispatch = new FrameDispatch(this);
    }

    internal Lock Gate { get; } = new();

    internal AmqpParts Parts { get; }

    internal AmqpPeer Peer { get; }

    internal AmqpOutput Output { get; }

    /// <summary>Largest frame that the peer takes, within our own limit.</summary>
    internal int PeerMaxFrameBytes { get; private set; } = LeastFrameBytes;

    /// <summary>Why the connection is over; null while it is not.</summary>
    internal string? EndReason { get; private set; }

    internal ConnectionBounds Bounds { get; }

    internal int SessionCount => sessions.Count;

    internal EndPoint? Remote => connection.Peer.RemoteEndPoint;

    /// <summary>Reads until the connection ends, then ends everything on it.</summary>
    internal async Task RunAsync()
    {
        connection.SetIdleTimeout(Parts.Options.IdleTimeout * 1.5);
        connection.SetBeat(BeatPeriod, Beat);
        using var draining = connection.Draining.UnsafeRegister(static input => ((System.IO.Pipelines.PipeReader)input!).CancelPendingRead(), connection.Input);
        try
        {
            await ReadFramesAsync();
            await EndAsync();
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or InvalidOperationException or TimeoutException)
        {
            EndReason ??= "the connection was lost";
        }
        finally
        {
            connection.SetBeat(null, null);
            CloseAll();
            await StopWritingAsync();
            Parts.Log.Ended(Remote, EndReason ?? "unknown");
        }
    }

    internal AmqpSession? FindSession(ushort channel) => sessions.Find(channel);

    internal void Add(AmqpSession session) => sessions.Set(session.Channel, session);

    /// <summary>The peer's open is here: what it announced counts, and we may speak.</summary>
    internal void Opened(Open open)
    {
        PeerMaxFrameBytes = (int)Math.Clamp(open.MaxFrameSize, LeastFrameBytes, (uint)Parts.Options.MaxFrameBytes);
        Peer.ContainerId = open.ContainerId;
        Peer.HostName = string.IsNullOrEmpty(open.HostName) || open.HostName == connection.Peer.HostName ? connection.Peer.HostName ?? "" : open.HostName;
        Peer.Properties = open.Properties;
        if (open.IdleTimeOut is > 0 and { } timeout)
        {
            // Below half of what the peer announced: it may cut on the second silence.
            var silence = TimeSpan.FromMilliseconds(timeout / 3.0);
            var period = silence < BeatPeriod ? silence : BeatPeriod;
            connection.SetBeat(period, Beat);
            silentBeatsAllowed = (long)(silence / period);
        }

        Parts.Log.Opened(Remote, LogText.Of(Peer.ContainerId), LogText.Of(Peer.HostName));
    }

    /// <summary>Something is proved now.</summary>
    internal void ForgetUnproved()
    {
        connection.MarkAuthenticated();
        lock (Gate)
        {
            isUnproved = false;
            connection.SetDeadline(null);
        }
    }

    /// <summary>Counts bytes of unfinished and postponed messages. Hold the gate.</summary>
    internal void Hold(int bytes)
    {
        if (Bounds.Hold(bytes) && waitingForRoom is { Count: > 0 })
        {
            ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.WakeWaitingForRoom(), this, preferLocal: false);
        }
    }

    /// <summary>Whether there is room for one more message to the peer; else the link is told when there is. Hold the gate.</summary>
    internal bool HasRoom(OutgoingLink link)
    {
        if (!Output.IsFull && !Bounds.IsFull)
        {
            return true;
        }

        if (!link.IsWaitingForRoom)
        {
            link.IsWaitingForRoom = true;
            (waitingForRoom ??= []).Add(link);
        }

        return false;
    }

    /// <summary>Ends the connection with an error. Hold the gate.</summary>
    internal void Fail(string condition, string description)
    {
        if (EndReason is not null)
        {
            return;
        }

        EndReason = description;
        Parts.Metrics.Fault("connection");
        Parts.Log.ConnectionFault(Remote, condition, description);
        Output.WriteClose(AmqpErrors.Of(condition, description));
    }

    /// <summary>Ends the connection at the server's wish. From any thread.</summary>
    internal void Close(AmqpError? error, string reason)
    {
        lock (Gate)
        {
            if (EndReason is not null)
            {
                return;
            }

            EndReason = reason;
            Output.WriteClose(error);
        }

        connection.Input.CancelPendingRead();
    }

    internal void Abort(string reason) => connection.Abort(reason);

    internal List<AmqpLink> AttachedLinks()
    {
        lock (Gate)
        {
            return [.. sessions.Items.SelectMany(static session => session.Links).Where(static link => link.State == LinkState.Attached)];
        }
    }

    /// <summary>The peer closed.</summary>
    internal void Closed(AmqpError? error)
    {
        lock (Gate)
        {
            if (EndReason is null)
            {
                EndReason = error is null ? "the client closed it" : $"the client closed it: {LogText.Of(error.ToString())}";
                Output.WriteClose(null);
            }
        }
    }

    /// <summary>Ends one session with an error; the others go on. Hold the gate. Handlers to be told are added.</summary>
    internal void EndSession(AmqpSession session, string condition, string description, ref List<AmqpLink>? gone)
    {
        if (session.IsEnding)
        {
            return;
        }

        session.IsEnding = true;
        Parts.Metrics.Fault("session");
        Parts.Log.SessionFault(Remote, condition, description);
        CloseLinks(session, ref gone);
        session.WriteSettled();
        Output.WriteEnd(session.Channel, AmqpErrors.Of(condition, description));
    }

    /// <summary>The peer ended a session.</summary>
    internal void SessionEnded(AmqpSession session)
    {
        List<AmqpLink>? gone = null;
        lock (Gate)
        {
            sessions.Remove(session.Channel);
            CloseLinks(session, ref gone);
            if (!session.IsEnding)
            {
                session.IsEnding = true;
                session.WriteSettled();
                Output.WriteEnd(session.Channel, null);
            }
        }

        Notify(gone);
    }

    /// <summary>Detaches one link with an error; nothing else is touched. From any thread.</summary>
    internal void DetachLink(AmqpLink link, AmqpError error)
    {
        lock (Gate)
        {
            if (link.State != LinkState.Attached)
            {
                return;
            }

            link.State = LinkState.DetachSent;
            Bounds.CountLink(-1);
            Parts.Metrics.LinkClosed();
            Parts.Metrics.Fault("link");
            Parts.Log.LinkFault(Remote, link.LogName, error.Condition, error.Description);
            link.Session.WriteSettled();
            link.Session.Forget(link);
            link.Release();
            Output.WriteDetach(link.Session.Channel, link.Handle, error);
        }

        link.NotifyClosed();
        Output.ScheduleFlush();
    }

    /// <summary>Runs a handler; what it throws costs its link only.</summary>
    internal void Guard(AmqpLink link, Action run)
    {
        try
        {
            run();
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Parts.Log.HandlerFailed(error, Remote, link.LogName);
            link.Detach(AmqpErrors.Of(AmqpConditions.InternalError, "The server failed to handle the link; see its log."));
        }
    }

    internal static void Notify(List<AmqpLink>? gone)
    {
        foreach (var link in gone ?? [])
        {
            link.NotifyClosed();
        }
    }

    private async Task ReadFramesAsync()
    {
        while (EndReason is null)
        {
            var read = await connection.Input.ReadAsync();
            var buffer = read.Buffer;
            var isShort = ReadFrames(ref buffer);
            connection.Input.AdvanceTo(buffer.Start, isShort ? buffer.End : buffer.Start);
            Output.Flush();
            if (EndReason is not null)
            {
                return;
            }

            if (connection.Draining.IsCancellationRequested)
            {
                EndReason = "the server is stopping";
                return;
            }

            if (!isShort)
            {
                await WaitAsync();
            }
            else if (read.IsCompleted)
            {
                EndReason = "the client closed the connection without close";
            }
        }
    }

    /// <summary>Dispatches what is there. False: there may be more, but something must be waited for first.</summary>
    private bool ReadFrames(ref ReadOnlySequence<byte> buffer)
    {
        while (EndReason is null)
        {
            if (Bounds.MustPause || IsOutputFull())
            {
                return false;
            }

            if (!AmqpFrame.TryRead(ref buffer, Parts.Options.MaxFrameBytes, out var frame, out var fault))
            {
                if (fault != AmqpFault.None)
                {
                    lock (Gate)
                    {
                        Fail(AmqpConditions.FramingError, fault.Describe());
                    }
                }

                return true;
            }

            connection.Touch();
            if (frame.Type != 0)
            {
                lock (Gate)
                {
                    Fail(AmqpConditions.FramingError, "A SASL frame after the AMQP header.");
                }
            }
            else if (!frame.IsEmpty)
            {
                dispatch.Take(frame.Channel, Contiguous(frame.Body));
            }
        }

        return true;
    }

    private bool IsOutputFull()
    {
        lock (Gate)
        {
            return Output.IsFull;
        }
    }

    private async Task WaitAsync()
    {
        await Output.WaitForRoomAsync();

        // The idle clock must not run while it is we who do not read.
        var less = Bounds.WhenLessAsync();
        while (!less.IsCompleted && !connection.Draining.IsCancellationRequested)
        {
            await Task.WhenAny(less, Task.Delay(TimeSpan.FromSeconds(1), Parts.Time));
            connection.Touch();
        }
    }

    private static ReadOnlyMemory<byte> Contiguous(in ReadOnlySequence<byte> body)
    {
        if (body.IsSingleSegment)
        {
            return body.First;
        }

        var length = (int)body.Length;
        if (scratch is null || scratch.Length < length)
        {
            scratch = new byte[Math.Max(length, 16 * 1024)];
        }

        body.CopyTo(scratch);
        return scratch.AsMemory(0, length);
    }

    /// <summary>Every few seconds: ends rights that have run out, and keeps the peer from thinking that we are gone.</summary>
    private void Beat()
    {
        Peer.Proofs.Beat();
        lock (Gate)
        {
            silentBeats = Output.TakeActivity() ? 0 : silentBeats + 1;
            if (silentBeats >= silentBeatsAllowed && EndReason is null)
            {
                Output.WriteHeartbeat();
            }

            var isUnprovedNow = !Peer.Proofs.IsAny && Bounds.Links == 0;
            if (isUnprovedNow != isUnproved)
            {
                isUnproved = isUnprovedNow;
                connection.SetDeadline(isUnproved ? Parts.Time.GetUtcNow() + Parts.Options.UnprovedTimeout : null);
            }
        }

        Output.ScheduleFlush();
    }

    /// <summary>A write that a peer does not take is cut.</summary>
    private async Task StopWritingAsync()
    {
        var closed = Output.CloseAsync();
        if (await Task.WhenAny(closed, Task.Delay(DrainTimeout)) != closed)
        {
            connection.Abort("its last frames were not taken in time");
            await closed;
        }
    }

    private async Task EndAsync()
    {
        if (connection.Draining.IsCancellationRequested)
        {
            // What is on its way to the log is acknowledged before the connection goes.
            await Task.WhenAny(Bounds.WhenSettledAsync(), Task.Delay(DrainTimeout, Parts.Time));
            lock (Gate)
            {
                foreach (var session in sessions.Items)
                {
                    session.WriteSettled();
                }

                Output.WriteClose(AmqpErrors.Of(AmqpConditions.ConnectionForced, "The server is stopping."));
            }
        }

        await Output.DrainAsync().WaitAsync(DrainTimeout, Parts.Time);
    }

    private void WakeWaitingForRoom()
    {
        OutgoingLink[] those;
        lock (Gate)
        {
            those = waitingForRoom is null ? [] : [.. waitingForRoom];
            waitingForRoom = null;
            Array.ForEach(those, static link => link.IsWaitingForRoom = false);
        }

        foreach (var link in those)
        {
            Guard(link, link.CallOnCredit);
        }
    }

    private void CloseLinks(AmqpSession session, ref List<AmqpLink>? gone)
    {
        foreach (var link in session.Links)
        {
            link.GiveUpDeciding();
            if (link.State == LinkState.Attached)
            {
                Bounds.CountLink(-1);
                Parts.Metrics.LinkClosed();
                (gone ??= []).Add(link);
            }

            link.State = LinkState.Closed;
            link.Release();
        }

        session.Clear();
    }

    private void CloseAll()
    {
        List<AmqpLink>? gone = null;
        lock (Gate)
        {
            foreach (var session in sessions.Items)
            {
                CloseLinks(session, ref gone);
            }

            sessions.Clear();
        }

        Notify(gone);
    }
}
