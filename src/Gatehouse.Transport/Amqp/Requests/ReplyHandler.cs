using System.Buffers.Binary;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Requests;

/// <summary>Answers on their way out, in order. A request counts as under way until its answer is on the wire, so that what waits here is bounded by the requests taken.</summary>
internal sealed class ReplyHandler(ReplyLinks links, ushort channel, string name, string? target, Action? onClosed) : OutgoingHandler
{
    private readonly Lock gate = new();
    private Queue<(byte[] Message, Action OnSent)>? waiting;
    private ulong tag;
    private bool isClosed;

    internal ushort Channel { get; } = channel;

    internal string Name { get; } = name;

    internal string? Target { get; } = target;

    internal void Send(NodeRequest request, NodeReply reply, Action onSent)
    {
        var buffer = new AmqpBuffer();
        reply.Write(buffer, request.MessageId);
        Send(buffer.Written.ToArray(), onSent);
    }

    /// <summary>Sends the answer when there is credit. <paramref name="onSent"/> is called once, also when the link goes before.</summary>
    internal void Send(byte[] message, Action onSent)
    {
        lock (gate)
        {
            if (!isClosed)
            {
                (waiting ??= new()).Enqueue((message, onSent));
                onSent = static () => { };
            }
        }

        onSent();
        OnCredit();
    }

    public override void OnCredit()
    {
        // An answer may come while the link is not attached yet; it leaves with the first credit.
        if (Link is null)
        {
            return;
        }

        List<Action>? sent = null;
        var isEmpty = false;
        lock (gate)
        {
            Span<byte> name = stackalloc byte[8];
            while (waiting is not null && waiting.TryPeek(out var next))
            {
                BinaryPrimitives.WriteUInt64BigEndian(name, tag);
                if (!Link.TrySend(name, 0, next.Message, settled: true, out _))
                {
                    break;
                }

                tag++;
                (sent ??= []).Add(waiting.Dequeue().OnSent);
            }

            isEmpty = waiting is null or { Count: 0 };
            waiting = isEmpty ? null : waiting;
        }

        if (isEmpty)
        {
            Link.CompleteDrain();
        }

        Link.FlushSoon();
        foreach (var each in sent ?? [])
        {
            each();
        }
    }

    // Sent settled, unless the peer wants it otherwise: whatever it says of an answer is the end of it.
    public override void OnOutcome(uint deliveryId, Outcome outcome, bool isSettled)
    {
        if (!isSettled)
        {
            Link.Settle(deliveryId, outcome);
        }
    }

    public override void OnClosed()
    {
        links.Remove(this);
        onClosed?.Invoke();
        List<Action> left;
        lock (gate)
        {
            isClosed = true;
            left = waiting is null ? [] : [.. waiting.Select(each => each.OnSent)];
            waiting = null;
        }

        foreach (var each in left)
        {
            each();
        }
    }
}
