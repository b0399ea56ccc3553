using Gatehouse.Transport.Amqp.Sessions;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Links;

/// <summary>A link on which the peer sends.</summary>
/// <remarks>
/// Messages that the handler cannot take now are kept here in order, within the connection's budget; meanwhile the peer gets no new credit, so that
/// one device of a pooled connection waits alone.
/// </remarks>
public sealed class IncomingLink : AmqpLink, IThreadPoolWorkItem
{
    // A delivery may be cut into many transfers, but transfers that carry nothing only cost time.
    private const int MaxEmptyTransfers = 64;

    private readonly IncomingHandler handler;
    private readonly uint window;
    private readonly int maxMessageBytes;
    private uint credit;
    private uint deliveryCount;
    private AmqpBuffer? partial;
    private IncomingMessage begun;
    private int emptyTransfers;
    private Queue<HeldMessage>? held;
    private bool isResumeRequested;
    private bool isResuming;
    private int unsettled;

    internal IncomingLink(AmqpSession session, Attach attach, LinkDecision.Receive decision)
        : base(session, attach)
    {
        (handler, window, maxMessageBytes) = (decision.Handler, decision.Credit, decision.MaxMessageBytes);
        MaxMessageBytes = (ulong)(decision.AnnouncedBytes ?? decision.MaxMessageBytes);
        deliveryCount = attach.InitialDeliveryCount ?? 0;
        handler.Link = this;
    }

    /// <summary>As announced.</summary>
    internal ulong MaxMessageBytes { get; }

    /// <summary>Tells the outcome of a delivery; goes out with the next flush (<see cref="FlushSoon"/>). Neighbouring deliveries of one outcome share a frame.</summary>
    public void Settle(uint deliveryId, Outcome outcome, AmqpError? error = null)
    {
        var connection = Session.Connection;
        lock (connection.Gate)
        {
            if (State == LinkState.Attached)
            {
                CountUnsettled(-1);
                Session.Settle(deliveryId, outcome, error, isSettled: ReceiverSettleMode == 0);
            }
        }
    }

    /// <summary>Sends what was settled, on a pool thread.</summary>
    public void FlushSoon()
    {
        var connection = Session.Connection;
        lock (connection.Gate)
        {
            Session.WriteSettled();
        }

        connection.Output.ScheduleFlush();
    }

    /// <summary>What the handler could not take may be offered again. From any thread.</summary>
    public void Resume()
    {
        lock (Session.Connection.Gate)
        {
            if (held is null || held.Count == 0 || isResuming)
            {
                isResumeRequested = true;
                return;
            }

            isResuming = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Grants the first credit; hold the gate.</summary>
    internal void Open()
    {
        credit = window;
        Session.WriteFlow(this);
    }

    /// <summary>Takes one transfer; hold the gate.</summary>
    /// <param name="transfer">The frame.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="message">A whole message to be offered outside the gate, when the result is Whole.</param>
    internal TransferStep Receive(in Transfer transfer, ReadOnlyMemory<byte> payload, out IncomingMessage message)
    {
        message = default;
        if (State != LinkState.Attached)
        {
            return TransferStep.Ignored;
        }

        if (partial is null)
        {
            if (transfer.DeliveryId is not { } id)
            {
                return TransferStep.Malformed;
            }

            if (credit == 0)
            {
                return TransferStep.NoCredit;
            }

            credit--;
            deliveryCount++;
            begun = new IncomingMessage(payload, transfer.MessageFormat, id, transfer.Settled ?? false);
            if (!transfer.More && !transfer.Aborted)
            {
                message = begun;
                return payload.Length > maxMessageBytes ? TransferStep.TooLarge : End(in message);
            }

            partial = new AmqpBuffer();
            emptyTransfers = 0;
        }
        else if (transfer.DeliveryId is { } other && other != begun.DeliveryId)
        {
            return TransferStep.Malformed;
        }

        return Continue(transfer, payload, out message);
    }

    /// <summary>Offers a whole message to the handler; outside the gate, from the reading thread only.</summary>
    internal void Offer(in IncomingMessage message)
    {
        if (handler.TryTake(message))
        {
            return;
        }

        lock (Session.Connection.Gate)
        {
            Hold(message);
            if (!isResumeRequested || isResuming)
            {
                return;
            }

            isResuming = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    internal Flow FlowState(in Flow session) => session with { Handle = Handle, DeliveryCount = deliveryCount, LinkCredit = credit };

    internal override void Release()
    {
        CountUnsettled(-unsettled);
        DropPartial();
        while (held is { Count: > 0 })
        {
            Session.Connection.Hold(-held.Dequeue().Release());
        }
    }

    void IThreadPoolWorkItem.Execute() => Session.Connection.Guard(this, OfferHeld);

    internal override void CallOnAttached() => handler.OnAttached();

    private protected override void OnClosed() => handler.OnClosed();

    private TransferStep Continue(in Transfer transfer, ReadOnlyMemory<byte> payload, out IncomingMessage message)
    {
        message = default;
        if (transfer.Aborted)
        {
            DropPartial();
            Replenish();
            return TransferStep.Partial;
        }

        if (partial!.Length + payload.Length > maxMessageBytes)
        {
            return TransferStep.TooLarge;
        }

        if (payload.IsEmpty && transfer.More && ++emptyTransfers > MaxEmptyTransfers)
        {
            return TransferStep.Malformed;
        }

        partial.Write(payload.Span);
        Session.Connection.Hold(payload.Length);
        begun = begun with { IsSettled = begun.IsSettled || (transfer.Settled ?? false) };
        if (transfer.More)
        {
            return TransferStep.Partial;
        }

        message = begun with { Bytes = partial.WrittenMemory };
        return End(in message);
    }

    /// <summary>A message is whole. One that must wait for others before it is copied here.</summary>
    private TransferStep End(in IncomingMessage message)
    {
        if (!message.IsSettled)
        {
            CountUnsettled(1);
        }

        if (held is { Count: > 0 })
        {
            Hold(message);
            DropPartial();
            return TransferStep.Partial;
        }

        isResumeRequested = false;
        Replenish();
        return TransferStep.Whole;
    }

    /// <summary>After a whole message was offered; hold the gate.</summary>
    internal void DropPartial()
    {
        if (partial is { } buffer)
        {
            partial = null;
            Session.Connection.Hold(-buffer.Length);
            buffer.Erase();
        }
    }

    private void CountUnsettled(int change)
    {
        unsettled += change;
        Session.Connection.Bounds.CountUnsettled(change);
    }

    private void Replenish()
    {
        if (credit <= window / 2)
        {
            credit = window;
            Session.WriteFlow(this);
        }
    }

    private void Hold(in IncomingMessage message)
    {
        if (State == LinkState.Attached)
        {
            (held ??= new Queue<HeldMessage>()).Enqueue(new HeldMessage(message));
            Session.Connection.Hold(message.Bytes.Length);
        }
    }

    private void OfferHeld()
    {
        var connection = Session.Connection;
        while (true)
        {
            HeldMessage next;
            lock (connection.Gate)
            {
                if (held is null || held.Count == 0)
                {
                    isResuming = false;
                    if (State == LinkState.Attached)
                    {
                        Replenish();
                        Session.WriteSettled();
                    }

                    break;
                }

                next = held.Peek();
                isResumeRequested = false;
            }

            if (!handler.TryTake(next.Message))
            {
                lock (connection.Gate)
                {
                    if (isResumeRequested)
                    {
                        continue;
                    }

                    isResuming = false;
                    break;
                }
            }

            lock (connection.Gate)
            {
                // The link may have closed meanwhile and given all of them back.
                if (held.Count > 0 && ReferenceEquals(held.Peek(), next))
                {
                    held.Dequeue();
                    connection.Hold(-next.Release());
                }
            }
        }

        connection.Output.ScheduleFlush();
    }
}
