using Gatehouse.Transport.Amqp.Connections;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Sessions;

/// <summary>One session: its links, its windows, its deliveries. Everything here is done under the connection's gate.</summary>
/// <remarks>Source: AMQP 1.0 §2.5. Our channel and handle numbers mirror the peer's, so that every look-up is one step.</remarks>
internal sealed class AmqpSession
{
    private readonly AmqpOptions options;
    private NumberTable<AmqpLink> links;
    // Made for more links than are looked through one by one.
    private Dictionary<(string Name, bool PeerSends), AmqpLink>? names;
    private readonly OutgoingDeliveries outgoing = new();
    private SettledRange settled;
    private List<OutgoingLink>? waiting;
    private uint nextIncomingId;
    private uint incomingWindow;
    private uint nextOutgoingId;
    private uint remoteIncomingWindow;

    internal AmqpSession(AmqpConnection connection, ushort channel, Begin begin, AmqpOptions options)
    {
        (Connection, Channel, this.options) = (connection, channel, options);
        nextIncomingId = begin.NextOutgoingId;
        incomingWindow = options.IncomingWindow;
        remoteIncomingWindow = begin.IncomingWindow;
        HandleMax = Math.Min(begin.HandleMax, (uint)options.MaxLinksPerSession - 1);
    }

    internal AmqpConnection Connection { get; }

    internal ushort Channel { get; }

    internal uint HandleMax { get; }

    /// <summary>We sent end: what still arrives is ignored until the peer's end.</summary>
    internal bool IsEnding { get; set; }

    internal IEnumerable<AmqpLink> Links => links.Items;

    private AmqpWriter Writer => new(Connection.Output.Buffer);

    internal AmqpLink? Find(uint handle) => links.Find(handle);

    /// <summary>The link that has the name now.</summary>
    internal AmqpLink? Find(string name, bool peerSends) => names is not null
        ? names.GetValueOrDefault((name, peerSends))
        : links.Items.FirstOrDefault(link => HasName(link) && link.PeerSends == peerSends && link.Name == name);

    /// <summary>Takes a link in, or puts it in the place of the one that waited for the door's decision.</summary>
    internal void Add(AmqpLink link)
    {
        if (links.Find(link.Handle) is null)
        {
            Connection.Bounds.CountHandle(1);
        }

        links.Set(link.Handle, link);
        if (names is not null)
        {
            names[(link.Name, link.PeerSends)] = link;
        }
        else if (links.Count > NumberTable<AmqpLink>.Few)
        {
            names = [];
            foreach (var each in links.Items.Where(HasName))
            {
                names[(each.Name, each.PeerSends)] = each;
            }
        }
    }

    /// <summary>The handle is free again.</summary>
    internal void Remove(AmqpLink link)
    {
        if (links.Remove(link.Handle))
        {
            Connection.Bounds.CountHandle(-1);
        }

        Forget(link);
    }

    internal void Clear()
    {
        Connection.Bounds.CountHandle(-links.Count);
        links.Clear();
        (names, waiting) = (null, null);
    }

    /// <summary>The name is free again: a link that we detached may be attached anew before its handle is.</summary>
    internal void Forget(AmqpLink link)
    {
        if (names is not null && names.TryGetValue((link.Name, link.PeerSends), out var holder) && ReferenceEquals(holder, link))
        {
            names.Remove((link.Name, link.PeerSends));
        }

        if (link is OutgoingLink sender)
        {
            outgoing.Forget(sender);
        }
    }

    /// <summary>Counts a transfer. False: the peer overran the window that we gave.</summary>
    internal bool TryCountTransfer()
    {
        if (incomingWindow == 0)
        {
            return false;
        }

        incomingWindow--;
        unchecked
        {
            nextIncomingId++;
        }

        if (incomingWindow < options.IncomingWindow / 2)
        {
            WriteFlow(null);
        }

        return true;
    }

    /// <summary>The session part of a flow. Links that may go on are added to <paramref name="ready"/>.</summary>
    internal void Take(in Flow flow, ref List<OutgoingLink>? ready)
    {
        unchecked
        {
            // Before our first transfer was seen the peer counts from where we began: at zero.
            var seen = flow.NextIncomingId ?? 0;
            var under = nextOutgoingId - seen;
            remoteIncomingWindow = under <= flow.IncomingWindow ? flow.IncomingWindow - under : 0;
        }

        WakeWaiting(ref ready);
    }

    /// <summary>Whether one more delivery may start; else the link is told when it may.</summary>
    internal bool CanSend(OutgoingLink link, bool isSettled)
    {
        if (remoteIncomingWindow > 0 && (isSettled || outgoing.Unsettled < options.MaxUnsettled))
        {
            return true;
        }

        WaitForWindow(link);
        return false;
    }

    internal void WaitForWindow(OutgoingLink link)
    {
        if (!link.IsWaiting)
        {
            link.IsWaiting = true;
            (waiting ??= []).Add(link);
        }
    }

    internal uint BeginDelivery(OutgoingLink link, bool isSettled) => outgoing.Begin(link, isSettled);

    /// <summary>Writes transfers while the window lasts; returns the bytes that went.</summary>
    internal int WriteTransfers(OutgoingLink link, TransferHead? head, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> payload)
    {
        var sent = 0;
        do
        {
            if (remoteIncomingWindow == 0)
            {
                break;
            }

            sent += WriteTransfer(link, head, tag, payload[sent..]);
            head = null;
            remoteIncomingWindow--;
            unchecked
            {
                nextOutgoingId++;
            }
        }
        while (sent < payload.Length);

        Connection.Output.Added();
        return sent;
    }

    /// <summary>The peer's outcomes of what we sent. Calls to be made outside the gate are added to <paramref name="calls"/>.</summary>
    internal void Take(in Disposition disposition, List<OutcomeCall> calls, ref List<OutgoingLink>? ready)
    {
        outgoing.Settle(disposition, calls);
        WakeWaiting(ref ready);
    }

    /// <summary>Our outcome of what the peer sent; gathered into ranges.</summary>
    internal void Settle(uint deliveryId, Outcome outcome, AmqpError? error, bool isSettled)
    {
        if (error is null && settled.TryExtend(deliveryId, outcome, isSettled))
        {
            return;
        }

        WriteSettled();
        if (error is null)
        {
            settled.Begin(deliveryId, outcome, isSettled);
            return;
        }

        WriteDisposition(isReceiver: true, deliveryId, deliveryId, isSettled, outcome, error);
    }

    internal void WriteSettled()
    {
        if (settled.TryTake(out var range))
        {
            WriteDisposition(isReceiver: true, range.First, range.Last, range.IsSettled, range.Outcome, null);
        }
    }

    /// <summary>Our last word on a delivery of ours.</summary>
    internal void WriteSettlement(uint deliveryId, Outcome outcome, AmqpError? error)
    {
        outgoing.Forget(deliveryId);
        WriteDisposition(isReceiver: false, deliveryId, deliveryId, isSettled: true, outcome, error);
    }

    /// <summary>Our state, and the link's; opens the window wide again.</summary>
    internal void WriteFlow(AmqpLink? link)
    {
        incomingWindow = options.IncomingWindow;
        var flow = new Flow
        {
            NextIncomingId = nextIncomingId,
            IncomingWindow = incomingWindow,
            NextOutgoingId = nextOutgoingId,
            OutgoingWindow = options.IncomingWindow,
        };
        flow = link switch
        {
            IncomingLink incoming => incoming.FlowState(flow),
            OutgoingLink sender => sender.FlowState(flow),
            _ => flow,
        };
        var writer = Writer;
        var mark = writer.BeginFrame(Channel);
        flow.Write(writer);
        writer.EndFrame(mark);
        Connection.Output.Added();
    }

    // One that was detached keeps its handle until the peer has answered, and not its name.
    private static bool HasName(AmqpLink link) => link.State is LinkState.Attaching or LinkState.Attached;

    private int WriteTransfer(OutgoingLink link, TransferHead? head, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> payload)
    {
        var writer = Writer;
        var start = Connection.Output.Buffer.Length;
        var mark = writer.BeginFrame(Channel);
        var room = Connection.PeerMaxFrameBytes - TransferHeadBytes;
        var isLast = payload.Length <= room;
        var length = isLast ? payload.Length : room;
        new Transfer
        {
            Handle = link.Handle,
            DeliveryId = head?.DeliveryId,
            DeliveryTag = tag,
            HasTag = head is not null,
            MessageFormat = head?.Format ?? 0,
            Settled = head?.IsSettled,
            More = !isLast,
        }.Write(writer);
        writer.Raw(payload[..length]);
        writer.EndFrame(mark);
        System.Diagnostics.Debug.Assert(Connection.Output.Buffer.Length - start <= Connection.PeerMaxFrameBytes, "a frame is larger than the peer takes");
        return length;
    }

    // Frame header 8, performative 3 + list32 9, handle 5, id 5, tag 34, format 5, two booleans.
    private const int TransferHeadBytes = 80;

    private void WriteDisposition(bool isReceiver, uint first, uint last, bool isSettled, Outcome outcome, AmqpError? error)
    {
        var writer = Writer;
        var mark = writer.BeginFrame(Channel);
        new Disposition { IsReceiver = isReceiver, First = first, Last = last == first ? null : last, Settled = isSettled, State = outcome, Error = error }.Write(writer);
        writer.EndFrame(mark);
        Connection.Output.Added();
    }

    private void WakeWaiting(ref List<OutgoingLink>? ready)
    {
        if (waiting is not { Count: > 0 } || remoteIncomingWindow == 0)
        {
            return;
        }

        var those = waiting;
        waiting = null;
        foreach (var link in those)
        {
            link.IsWaiting = false;
            if (link.ContinueRest())
            {
                (ready ??= []).Add(link);
            }
        }
    }
}
