using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Transport.Amqp.Sessions;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Connections;

/// <summary>What each performative does to the connection. Runs on the reading task; state changes under the gate, handlers outside it.</summary>
internal sealed class FrameDispatch(AmqpConnection connection)
{
    private readonly LinkAttaching attaching = new(connection);
    private List<OutcomeCall>? outcomes;
    private bool isOpen;

    private AmqpOptions Options => connection.Parts.Options;

    internal void Take(ushort channel, ReadOnlyMemory<byte> body)
    {
        if (!Performative.TryReadCode(body.Span, out var code))
        {
            Fail(AmqpConditions.DecodeError, "A frame does not begin with a performative.");
            return;
        }

        if (isOpen == (code == Descriptors.Open))
        {
            Fail(AmqpConditions.NotAllowed, isOpen ? "A second open." : "The first frame must be open.");
            return;
        }

        switch (code)
        {
            case Descriptors.Transfer:
                TakeTransfer(channel, body);
                break;
            case Descriptors.Flow:
                TakeFlow(channel, body.Span);
                break;
            case Descriptors.Disposition:
                TakeDisposition(channel, body.Span);
                break;
            case Descriptors.Attach:
                TakeAttach(channel, body.Span);
                break;
            case Descriptors.Detach:
                TakeDetach(channel, body.Span);
                break;
            case Descriptors.Begin:
                TakeBegin(channel, body.Span);
                break;
            case Descriptors.End:
                TakeEnd(channel, body.Span);
                break;
            case Descriptors.Open:
                TakeOpen(body.Span);
                break;
            case Descriptors.Close:
                TakeClose(body.Span);
                break;
            default:
                Fail(AmqpConditions.NotImplemented, $"The performative 0x{code:x} is not known.");
                break;
        }
    }

    private void TakeOpen(ReadOnlySpan<byte> body)
    {
        if (!Open.TryRead(body, out var open, out var fault))
        {
            Malformed(fault);
            return;
        }

        isOpen = true;
        connection.Opened(open);
        lock (connection.Gate)
        {
            var writer = new AmqpWriter(connection.Output.Buffer);
            var mark = writer.BeginFrame(0);
            new Open
            {
                ContainerId = "gatehouse",
                MaxFrameSize = (uint)Options.MaxFrameBytes,
                ChannelMax = (ushort)(Options.MaxSessions - 1),
                IdleTimeOut = (uint)Options.IdleTimeout.TotalMilliseconds,
            }.Write(writer);
            writer.EndFrame(mark);
            connection.Output.Added();
        }
    }

    private void TakeClose(ReadOnlySpan<byte> body) => connection.Closed(Close.TryRead(body, out var close, out _) ? close.Error : null);

    private void TakeBegin(ushort channel, ReadOnlySpan<byte> body)
    {
        if (!Begin.TryRead(body, out var begin, out var fault))
        {
            Malformed(fault);
            return;
        }

        lock (connection.Gate)
        {
            if (channel >= Options.MaxSessions || connection.FindSession(channel) is not null || begin.RemoteChannel is not null)
            {
                connection.Fail(AmqpConditions.NotAllowed, $"A begin on channel {channel}, which is in use, above channel-max {Options.MaxSessions - 1}, or an answer to nothing.");
                return;
            }

            if (!connection.Peer.IsProved && connection.SessionCount >= Options.MaxUnauthenticatedLinks)
            {
                connection.Fail(AmqpConditions.ResourceLimitExceeded, $"More than {Options.MaxUnauthenticatedLinks} sessions before anything was proved.");
                return;
            }

            var session = new AmqpSession(connection, channel, begin, Options);
            connection.Add(session);
            var writer = new AmqpWriter(connection.Output.Buffer);
            var mark = writer.BeginFrame(channel);
            new Begin
            {
                RemoteChannel = channel,
                NextOutgoingId = 0,
                IncomingWindow = Options.IncomingWindow,
                OutgoingWindow = Options.IncomingWindow,
                HandleMax = session.HandleMax,
            }.Write(writer);
            writer.EndFrame(mark);
            connection.Output.Added();
        }
    }

    private void TakeEnd(ushort channel, ReadOnlySpan<byte> body)
    {
        if (!End.TryRead(body, out _, out var fault))
        {
            Malformed(fault);
        }
        else if (Session(channel) is { } session)
        {
            connection.SessionEnded(session);
        }
    }

    private void TakeAttach(ushort channel, ReadOnlySpan<byte> body)
    {
        if (!Attach.TryRead(body, out var attach, out var fault))
        {
            Malformed(fault);
        }
        else if (Session(channel) is { IsEnding: false } session)
        {
            attaching.Take(session, attach);
        }
    }

    private void TakeDetach(ushort channel, ReadOnlySpan<byte> body)
    {
        if (!Detach.TryRead(body, out var detach, out var fault))
        {
            Malformed(fault);
            return;
        }

        if (Session(channel) is not { IsEnding: false } session)
        {
            return;
        }

        AmqpLink? gone = null;
        List<AmqpLink>? all = null;
        lock (connection.Gate)
        {
            if (session.Find(detach.Handle) is not { } link)
            {
                connection.EndSession(session, AmqpConditions.UnattachedHandle, $"A detach of handle {detach.Handle}, which is not attached.", ref all);
            }
            else
            {
                gone = link.State == LinkState.Attached ? link : null;
                attaching.Detached(session, link);
            }
        }

        gone?.NotifyClosed();
        AmqpConnection.Notify(all);
    }

    private void TakeTransfer(ushort channel, ReadOnlyMemory<byte> body)
    {
        if (!Transfer.TryRead(body.Span, out var transfer, out var fault))
        {
            Malformed(fault);
            return;
        }

        if (Session(channel) is not { IsEnding: false } session)
        {
            return;
        }

        var payload = body[^transfer.Payload.Length..];
        IncomingLink? link;
        IncomingMessage message = default;
        var step = TransferStep.Ignored;
        List<AmqpLink>? gone = null;
        lock (connection.Gate)
        {
            link = session.Find(transfer.Handle) as IncomingLink;
            if (!session.TryCountTransfer())
            {
                connection.EndSession(session, AmqpConditions.WindowViolation, "A transfer beyond the session's window.", ref gone);
            }
            else if (link is null && session.Find(transfer.Handle) is not { State: LinkState.DetachSent or LinkState.Closed })
            {
                connection.EndSession(session, AmqpConditions.UnattachedHandle, $"A transfer on handle {transfer.Handle}, on which the client does not send.", ref gone);
            }
            else if (link is not null)
            {
                step = link.Receive(transfer, payload, out message);
            }
        }

        AmqpConnection.Notify(gone);
        Act(step, link, message);
    }

    private void Act(TransferStep step, IncomingLink? link, in IncomingMessage message)
    {
        switch (step)
        {
            case TransferStep.Whole:
                Offer(link!, message);
                break;
            case TransferStep.TooLarge:
                link!.Detach(AmqpErrors.Of(AmqpConditions.MessageSizeExceeded, $"The message is larger than max-message-size, {link.MaxMessageBytes} bytes."));
                break;
            case TransferStep.NoCredit:
                link!.Detach(AmqpErrors.Of(AmqpConditions.TransferLimitExceeded, "A transfer without link credit."));
                break;
            case TransferStep.Malformed:
                link!.Detach(AmqpErrors.Of(AmqpConditions.InvalidField, "The transfers of the link do not make a delivery."));
                break;
            default:
                break;
        }
    }

    private void Offer(IncomingLink link, in IncomingMessage message)
    {
        try
        {
            link.Offer(message);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            connection.Parts.Log.HandlerFailed(error, connection.Remote, link.LogName);
            link.Detach(AmqpErrors.Of(AmqpConditions.InternalError, "The server failed to handle a message; see its log."));
        }

        lock (connection.Gate)
        {
            link.DropPartial();
        }
    }

    private void TakeFlow(ushort channel, ReadOnlySpan<byte> body)
    {
        if (!Flow.TryRead(body, out var flow, out var fault))
        {
            Malformed(fault);
            return;
        }

        if (Session(channel) is not { IsEnding: false } session)
        {
            return;
        }

        List<OutgoingLink>? ready = null;
        List<AmqpLink>? gone = null;
        lock (connection.Gate)
        {
            session.Take(flow, ref ready);
            if (flow.Handle is { } handle)
            {
                TakeLinkFlow(session, handle, flow, ref ready, ref gone);
            }
            else if (flow.Echo)
            {
                session.WriteFlow(null);
            }
        }

        AmqpConnection.Notify(gone);
        Call(ready);
    }

    private void TakeLinkFlow(AmqpSession session, uint handle, in Flow flow, ref List<OutgoingLink>? ready, ref List<AmqpLink>? gone)
    {
        var link = session.Find(handle);
        if (link is null)
        {
            connection.EndSession(session, AmqpConditions.UnattachedHandle, $"A flow on handle {handle}, which is not attached.", ref gone);
            return;
        }

        if (link is PendingLink pending)
        {
            pending.Flow = flow;
            return;
        }

        if (link.State != LinkState.Attached)
        {
            return;
        }

        if (link is OutgoingLink sender && sender.Take(flow))
        {
            (ready ??= []).Add(sender);
        }

        if (flow.Echo)
        {
            session.WriteFlow(link);
        }
    }

    private void TakeDisposition(ushort channel, ReadOnlySpan<byte> body)
    {
        if (!Disposition.TryRead(body, out var disposition, out var fault))
        {
            Malformed(fault);
            return;
        }

        // The sender's word on its own deliveries: our outcome was final already.
        if (Session(channel) is not { IsEnding: false } session || !disposition.IsReceiver)
        {
            return;
        }

        List<OutgoingLink>? ready = null;
        outcomes ??= [];
        outcomes.Clear();
        lock (connection.Gate)
        {
            session.Take(disposition, outcomes, ref ready);
        }

        foreach (var call in outcomes)
        {
            connection.Guard(call.Link, () => call.Link.CallOnOutcome(call.DeliveryId, call.Outcome, call.IsSettled));
        }

        Call(ready);
    }

    private void Call(List<OutgoingLink>? ready)
    {
        foreach (var link in ready ?? [])
        {
            connection.Guard(link, link.CallOnCredit);
        }
    }

    private AmqpSession? Session(ushort channel)
    {
        lock (connection.Gate)
        {
            var session = connection.FindSession(channel);
            if (session is null)
            {
                connection.Fail(AmqpConditions.NotAllowed, $"A frame on channel {channel}, which has no session.");
            }

            return session;
        }
    }

    private void Malformed(AmqpFault fault) => Fail(AmqpConditions.DecodeError, fault.Describe());

    private void Fail(string condition, string description)
    {
        lock (connection.Gate)
        {
            connection.Fail(condition, description);
        }
    }
}
