using Gatehouse.Transport.Amqp.Sessions;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Links;

/// <summary>A link on which the peer receives.</summary>
public sealed class OutgoingLink : AmqpLink
{
    private readonly OutgoingHandler handler;
    private uint deliveryCount;
    private uint credit;
    private bool isDraining;
    private AmqpBuffer? rest;
    private int restSent;

    internal OutgoingLink(AmqpSession session, Attach attach, OutgoingHandler handler)
        : base(session, attach)
    {
        this.handler = handler;
        handler.Link = this;
    }

    /// <summary>The peer waits for <see cref="CompleteDrain"/> or for messages that use its credit up.</summary>
    public bool IsDraining
    {
        get
        {
            lock (Session.Connection.Gate)
            {
                return isDraining;
            }
        }
    }

    /// <summary>Whether a message could go now.</summary>
    public bool HasCredit
    {
        get
        {
            lock (Session.Connection.Gate)
            {
                return State == LinkState.Attached && credit > 0;
            }
        }
    }

    /// <summary>Stands in the session's list of links that wait for window.</summary>
    internal bool IsWaiting { get; set; }

    /// <summary>Stands in the connection's list of links that wait for room.</summary>
    internal bool IsWaitingForRoom { get; set; }

    /// <summary>Sends one message whole or not at all; it leaves with the next flush.</summary>
    /// <param name="tag">1–32 bytes.</param>
    /// <param name="format">Message format, 0 for a plain message.</param>
    /// <param name="message">Encoded sections.</param>
    /// <param name="settled">No outcome is wanted. Where the peer asked for one way only, its wish counts.</param>
    /// <param name="deliveryId">Comes back in <see cref="OutgoingHandler.OnOutcome"/>.</param>
    /// <returns>False without credit, window or room: nothing was sent; <see cref="OutgoingHandler.OnCredit"/> tells when to try again.</returns>
    public bool TrySend(ReadOnlySpan<byte> tag, uint format, ReadOnlySpan<byte> message, bool settled, out uint deliveryId)
    {
        deliveryId = 0;
        var connection = Session.Connection;
        lock (connection.Gate)
        {
            settled = SenderSettleMode switch { 0 => false, 1 => true, _ => settled };
            if (State != LinkState.Attached || credit == 0)
            {
                return false;
            }

            if (rest is not null || !Session.CanSend(this, settled) || !connection.HasRoom(this))
            {
                return false;
            }

            deliveryId = Session.BeginDelivery(this, settled);
            deliveryCount++;
            credit--;
            var sent = Session.WriteTransfers(this, new TransferHead(deliveryId, format, settled), tag, message);
            if (sent < message.Length)
            {
                rest = new AmqpBuffer();
                rest.Write(message[sent..]);
                restSent = 0;
                connection.Hold(rest.Length);
                Session.WaitForWindow(this);
            }

            EndDrainWhenSpent();
            return true;
        }
    }

    /// <summary>Sends on a pool thread what was added.</summary>
    public void FlushSoon() => Session.Connection.Output.ScheduleFlush();

    /// <summary>Sends now what was added, on this thread.</summary>
    public void Flush() => Session.Connection.Output.Flush();

    /// <summary>Settles a delivery whose receiver waits for it (receiver settle mode second).</summary>
    public void Settle(uint deliveryId, Outcome outcome, AmqpError? error = null)
    {
        var connection = Session.Connection;
        lock (connection.Gate)
        {
            if (State == LinkState.Attached)
            {
                Session.WriteSettlement(deliveryId, outcome, error);
            }
        }

        connection.Output.ScheduleFlush();
    }

    /// <summary>There is nothing to send at present: gives the credit back if the peer asked to drain.</summary>
    public void CompleteDrain()
    {
        var connection = Session.Connection;
        lock (connection.Gate)
        {
            if (!isDraining || State != LinkState.Attached || rest is not null)
            {
                return;
            }

            unchecked
            {
                deliveryCount += credit;
            }

            // The answer carries the drain flag, or clients do not take it for one (AMQP 1.0 §2.6.7).
            credit = 0;
            Session.WriteFlow(this);
            isDraining = false;
        }

        connection.Output.ScheduleFlush();
    }

    /// <summary>The peer's flow; hold the gate. True when the handler should look.</summary>
    internal bool Take(in Flow flow)
    {
        unchecked
        {
            // Serial numbers: what the peer has not counted yet is on its way to it (AMQP 1.0 §2.6.7).
            var under = deliveryCount - (flow.DeliveryCount ?? 0);
            var granted = flow.LinkCredit ?? 0;
            credit = under <= granted ? granted - under : 0;
        }

        isDraining = flow.Drain;
        EndDrainWhenSpent();
        return credit > 0;
    }

    internal Flow FlowState(in Flow session) =>
        session with { Handle = Handle, DeliveryCount = deliveryCount, LinkCredit = credit, Available = 0, Drain = isDraining };

    /// <summary>The window has opened: the rest of a message first. Hold the gate. True when the handler should look.</summary>
    internal bool ContinueRest()
    {
        if (State != LinkState.Attached)
        {
            return false;
        }

        if (rest is { } buffer)
        {
            restSent += Session.WriteTransfers(this, null, default, buffer.Written[restSent..]);
            if (restSent < buffer.Length)
            {
                Session.WaitForWindow(this);
                return false;
            }

            DropRest();
            EndDrainWhenSpent();
        }

        return credit > 0;
    }

    internal override void CallOnAttached() => handler.OnAttached();

    internal void CallOnCredit() => handler.OnCredit();

    internal void CallOnOutcome(uint deliveryId, Outcome outcome, bool isSettled) => handler.OnOutcome(deliveryId, outcome, isSettled);

    internal override void Release() => DropRest();

    private protected override void OnClosed() => handler.OnClosed();

    /// <summary>Messages have used the credit up: the peer waits for our word on it all the same.</summary>
    private void EndDrainWhenSpent()
    {
        if (isDraining && credit == 0 && rest is null)
        {
            Session.WriteFlow(this);
            isDraining = false;
        }
    }

    private void DropRest()
    {
        if (rest is { } buffer)
        {
            Session.Connection.Hold(-buffer.Length);
            buffer.Release();
            rest = null;
        }
    }
}

/// <summary>What the first transfer of a delivery says.</summary>
internal readonly record struct TransferHead(uint DeliveryId, uint Format, bool IsSettled);
