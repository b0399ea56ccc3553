using System.Collections.Concurrent;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Transport.Amqp.Requests;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Tests.Amqp;

/// <summary>
/// A door whose addresses say what it does: <c>take</c> accepts messages, <c>hold</c> takes none until it is told, <c>reject</c> rejects them, <c>throw</c> throws,
/// <c>feed</c> is read from, <c>later</c> decides when it is told, <c>reply</c> is a receiver of answers and
/// decides when it is told (then <see cref="RefusesReplies"/> counts), <c>no</c> refuses, <c>elsewhere</c> redirects.
/// </summary>
internal sealed class ProbeDoor : IAmqpDoor
{
    internal const int MaxMessageBytes = 100_000;

    internal ConcurrentQueue<(string Link, byte[] Bytes, IncomingMessage Message)> Taken { get; } = new();

    internal ConcurrentQueue<string> Closed { get; } = new();

    internal ConcurrentQueue<(uint DeliveryId, Outcome Outcome, bool IsSettled)> Outcomes { get; } = new();

    internal ConcurrentDictionary<string, ProbeTaker> Takers { get; } = new();

    internal ConcurrentDictionary<string, ProbeFeeder> Feeders { get; } = new();

    internal TaskCompletionSource Decide { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ConcurrentQueue<CancellationToken> Deciding { get; } = new();

    internal uint Credit { get; set; } = 10;

    internal ReplyLinks Replies { get; } = new();

    internal bool RefusesReplies { get; set; }

    public bool Serves(LinkRequest request) => request.Address.Segments[0] is "take" or "hold" or "reject" or "throw" or "feed" or "later" or "reply" or "no" or "elsewhere";

    public async ValueTask<LinkDecision> AttachAsync(LinkRequest request, CancellationToken cancellationToken)
    {
        switch (request.Address.Segments[0])
        {
            case "no":
                return new LinkDecision.Refuse(AmqpErrors.Of(AmqpConditions.UnauthorizedAccess, "no"));
            case "elsewhere":
                return new LinkDecision.Redirect(AmqpErrors.Of(AmqpConditions.LinkRedirect, "elsewhere"));
            case "reply":
                var handler = Replies.Add(request, () => Closed.Enqueue(request.Attach.Name));
                Deciding.Enqueue(cancellationToken);
                await Decide.Task;
                if (!RefusesReplies)
                {
                    return new LinkDecision.Send(handler);
                }

                handler.OnClosed();
                return new LinkDecision.Refuse(AmqpErrors.Of(AmqpConditions.UnauthorizedAccess, "no"));
            case "later":
                Deciding.Enqueue(cancellationToken);
                await Decide.Task;
                break;
            default:
                break;
        }

        if (!request.PeerSends)
        {
            return new LinkDecision.Send(Feeders[request.Attach.Name] = new ProbeFeeder(this, request.Attach.Name));
        }

        var taker = Takers[request.Attach.Name] = new ProbeTaker(this, request.Attach.Name, request.Address.Segments[0]);
        return new LinkDecision.Receive(taker) { Credit = Credit, MaxMessageBytes = MaxMessageBytes };
    }
}

internal sealed class ProbeTaker(ProbeDoor door, string name, string kind) : IncomingHandler
{
    private volatile bool isHolding = kind == "hold";

    public override bool TryTake(in IncomingMessage message)
    {
        if (isHolding)
        {
            return false;
        }

        if (kind == "throw")
        {
            throw new InvalidOperationException("as asked for");
        }

        door.Taken.Enqueue((name, message.Bytes.ToArray(), message));
        if (!message.IsSettled)
        {
            Link.Settle(message.DeliveryId, kind == "reject" ? Outcome.Rejected : Outcome.Accepted, kind == "reject" ? AmqpErrors.Of(AmqpConditions.ArgumentError, "as asked for") : null);
            Link.FlushSoon();
        }

        return true;
    }

    public override void OnClosed() => door.Closed.Enqueue(name);

    internal void LetGo()
    {
        isHolding = false;
        Link.Resume();
    }
}

internal sealed class ProbeFeeder(ProbeDoor door, string name) : OutgoingHandler
{
    private int credits;

    internal int Credits => Volatile.Read(ref credits);

    internal OutgoingLink Out => Link;

    public override void OnCredit() => Interlocked.Increment(ref credits);

    public override void OnOutcome(uint deliveryId, Outcome outcome, bool isSettled)
    {
        door.Outcomes.Enqueue((deliveryId, outcome, isSettled));
        if (!isSettled)
        {
            Link.Settle(deliveryId, outcome);
        }
    }

    public override void OnClosed() => door.Closed.Enqueue(name);
}
