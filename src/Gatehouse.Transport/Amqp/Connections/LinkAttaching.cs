using Gatehouse.Contracts.Errors;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Transport.Amqp.Sessions;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Connections;

/// <summary>From the peer's attach to the answer: which door, its decision, and what the peer is told. Decisions of different links do not wait for each other.</summary>
internal sealed class LinkAttaching(AmqpConnection connection)
{
    private AmqpOptions Options => connection.Parts.Options;

    internal void Take(AmqpSession session, Attach attach)
    {
        var link = new PendingLink(session, attach);
        AmqpLink? stolen = null;
        List<AmqpLink>? gone = null;
        lock (connection.Gate)
        {
            if (IsOverLimit())
            {
                connection.EndSession(session, AmqpConditions.ResourceLimitExceeded, "The connection has as many links as it may have at present.", ref gone);
                link.State = LinkState.Closed;
            }
            else if (attach.Name.Length > Options.MaxLinkNameCharacters)
            {
                connection.EndSession(session, AmqpConditions.InvalidField, $"The name of a link is longer than {Options.MaxLinkNameCharacters} characters.", ref gone);
                link.State = LinkState.Closed;
            }
            else if (attach.Handle > session.HandleMax || session.Find(attach.Handle) is not null)
            {
                connection.EndSession(
                    session,
                    AmqpConditions.HandleInUse,
                    $"An attach on handle {attach.Handle}, which is in use or above handle-max {session.HandleMax}.",
                    ref gone);
                link.State = LinkState.Closed;
            }
            else
            {
                stolen = session.Find(attach.Name, !attach.IsReceiver) is { State: LinkState.Attached } holder ? holder : null;
            }
        }

        AmqpConnection.Notify(gone);
        if (link.State == LinkState.Closed)
        {
            return;
        }

        // A client that lost track of its link attaches it again under its name: the newer one counts (AMQP 1.0 §2.6.1).
        stolen?.Detach(AmqpErrors.Of(AmqpConditions.LinkStolen, "The link was attached again under the same name."));
        lock (connection.Gate)
        {
            session.Add(link);
        }

        Decide(link);
    }

    /// <summary>The peer's detach; hold the gate. The answer, where there is one to give, and the handle is free.</summary>
    internal void Detached(AmqpSession session, AmqpLink link)
    {
        link.GiveUpDeciding();
        session.WriteSettled();
        switch (link.State)
        {
            case LinkState.Attached:
                connection.Bounds.CountLink(-1);
                connection.Parts.Metrics.LinkClosed();
                connection.Output.WriteDetach(session.Channel, link.Handle, null);
                break;
            case LinkState.Attaching:
                WriteAttach((PendingLink)link, Answer.Refused);
                connection.Output.WriteDetach(session.Channel, link.Handle, null);
                break;
            default:
                break;
        }

        link.State = LinkState.Closed;
        link.Release();
        session.Remove(link);
    }

    private void Decide(PendingLink link)
    {
        var (request, door, error) = Find(link);
        if (error is not null)
        {
            Complete(link, new LinkDecision.Refuse(error));
            return;
        }

        link.Deciding = new CancellationTokenSource();
        link.IsOpenToAll = door!.IsOpenToAll;
        connection.Bounds.CountPending(1);
        ValueTask<LinkDecision> deciding;
        try
        {
            deciding = door.AttachAsync(request!, link.Deciding.Token);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            deciding = ValueTask.FromException<LinkDecision>(failure);
        }

        if (deciding.IsCompletedSuccessfully)
        {
            connection.Bounds.CountPending(-1);
            Complete(link, deciding.Result);
        }
        else
        {
            _ = CompleteAsync(link, deciding);
        }
    }

    private async Task CompleteAsync(PendingLink link, ValueTask<LinkDecision> deciding)
    {
        LinkDecision decision;
        try
        {
            decision = await deciding;
        }
        catch (OperationCanceledException)
        {
            decision = new LinkDecision.Refuse(AmqpErrors.Of(AmqpConditions.DetachForced, "The link was given up."));
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            connection.Parts.Log.AttachFailed(failure, connection.Remote, link.LogName);
            decision = new LinkDecision.Refuse(AmqpErrors.From(HubErrors.ServerError));
        }

        connection.Bounds.CountPending(-1);
        Complete(link, decision);
        connection.Output.ScheduleFlush();
    }

    private (LinkRequest? Request, IAmqpDoor? Door, AmqpError? Error) Find(PendingLink link)
    {
        var attach = link.Attach!;
        var (near, far) = link.PeerSends ? (attach.Target, attach.Source) : (attach.Source, attach.Target);
        if (near is null || !Terminus.TryRead(near, out var terminus, out _) || terminus.IsCoordinator || terminus.IsDynamic)
        {
            return (null, null, AmqpErrors.Of(AmqpConditions.NotImplemented, "The link needs a source or target with an address; dynamic nodes and transactions are not supported."));
        }

        if (terminus.Address is not { } text || !AmqpAddress.TryParse(text, out var address))
        {
            return (null, null, AmqpErrors.Of(AmqpConditions.InvalidField, "The address of the link cannot be read."));
        }

        var request = new LinkRequest
        {
            Peer = connection.Peer,
            Address = address!,
            PeerSends = link.PeerSends,
            Attach = attach,
            Terminus = terminus,
            PeerEnd = far is not null && Terminus.TryRead(far, out var other, out _) ? other.Address : null,
            Channel = link.Session.Channel,
        };
        foreach (var door in connection.Parts.Doors)
        {
            if (door.Serves(request))
            {
                return (request, door, null);
            }
        }

        // What exists is not told to whoever has proved nothing.
        return (null, null, connection.Peer.Proofs.IsAny
            ? AmqpErrors.From(HubErrors.GenericNotFound.With($"There is no node at the address '{text[..Math.Min(text.Length, 200)]}'."))
            : AmqpErrors.From(HubErrors.IotHubUnauthorizedAccess));
    }

    private bool IsOverLimit() =>
        connection.Bounds.Handles >= Options.MaxLinks || (!connection.Peer.IsProved && connection.Bounds.Handles >= Options.MaxUnauthenticatedLinks);

    private void Complete(PendingLink pending, LinkDecision decision)
    {
        AmqpLink? link = null;
        var hasCredit = false;
        lock (connection.Gate)
        {
            pending.Deciding?.Dispose();
            pending.Deciding = null;
            if (pending.State == LinkState.Attaching)
            {
                link = Answered(pending, decision, out hasCredit);
            }
        }

        if (link is not null and not PendingLink && !pending.IsOpenToAll)
        {
            connection.Peer.MarkProved();
        }

        if (link is null)
        {
            Discard(decision);
            return;
        }

        connection.Guard(link, link.CallOnAttached);
        if (hasCredit)
        {
            connection.Guard(link, ((OutgoingLink)link).CallOnCredit);
        }
    }

    private AmqpLink? Answered(PendingLink pending, LinkDecision decision, out bool hasCredit)
    {
        hasCredit = false;
        switch (decision)
        {
            case LinkDecision.Receive receive when pending.PeerSends:
                var incoming = new IncomingLink(pending.Session, pending.Attach!, receive);
                Accept(pending, incoming, incoming.MaxMessageBytes);
                incoming.Open();
                return incoming;
            case LinkDecision.Send send when !pending.PeerSends:
                var outgoing = new OutgoingLink(pending.Session, pending.Attach!, send.Handler);
                Accept(pending, outgoing, null);
                hasCredit = pending.Flow is { } flow && outgoing.Take(flow);
                return outgoing;
            case LinkDecision.Redirect redirect:
                WriteAttach(pending, new Answer(true, null));
                RefuseWith(pending, redirect.Error);
                return pending;
            case LinkDecision.Refuse refuse:
                WriteAttach(pending, Answer.Refused);
                RefuseWith(pending, refuse.Error);
                return pending;
            default:
                throw new InvalidOperationException("A door accepted a link in the wrong direction.");
        }
    }

    private void Accept(PendingLink pending, AmqpLink link, ulong? maxMessageBytes)
    {
        link.State = LinkState.Attached;
        pending.State = LinkState.Closed;
        pending.Session.Add(link);
        connection.Bounds.CountLink(1);
        connection.Parts.Metrics.LinkOpened();
        WriteAttach(pending, new Answer(true, maxMessageBytes));
    }

    private void RefuseWith(PendingLink pending, AmqpError error)
    {
        pending.State = LinkState.DetachSent;
        pending.Release();
        pending.Session.Forget(pending);
        connection.Parts.Metrics.Fault("link");
        connection.Parts.Log.LinkFault(connection.Remote, pending.LogName, error.Condition, error.Description);
        connection.Output.WriteDetach(pending.Session.Channel, pending.Handle, error);
    }

    private void WriteAttach(PendingLink link, Answer answer)
    {
        var attach = link.Attach!;
        var writer = new AmqpWriter(connection.Output.Buffer);
        var mark = writer.BeginFrame(link.Session.Channel);
        new Attach
        {
            Name = attach.Name,
            Handle = attach.Handle,
            IsReceiver = !attach.IsReceiver,
            SenderSettleMode = attach.SenderSettleMode,
            ReceiverSettleMode = attach.ReceiverSettleMode,
            Source = answer.IsAccepted || link.PeerSends ? attach.Source : null,
            Target = answer.IsAccepted || !link.PeerSends ? attach.Target : null,
            InitialDeliveryCount = link.PeerSends ? null : 0,
            MaxMessageSize = answer.MaxMessageBytes,
        }.Write(writer);
        writer.EndFrame(mark);
        connection.Output.Added();
    }

    /// <summary>The link went while the door decided: its handler must not be left waiting.</summary>
    private static void Discard(LinkDecision decision)
    {
        switch (decision)
        {
            case LinkDecision.Receive receive:
                receive.Handler.OnClosed();
                break;
            case LinkDecision.Send send:
                send.Handler.OnClosed();
                break;
            default:
                break;
        }
    }

    private readonly record struct Answer(bool IsAccepted, ulong? MaxMessageBytes)
    {
        internal static Answer Refused => new(false, null);
    }
}
