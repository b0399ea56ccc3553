using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.Methods;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>Direct methods to one device or module over one link. They begin when the link for the answers is there too, and end with either.</summary>
internal sealed class MethodRequestsLink(GatewayParts parts, AmqpPeer peer, IGrant grant) : OutgoingHandler, IMethodTarget, IOwnedLink
{
    private readonly Lock gate = new();
    private readonly Queue<MethodRequest> waiting = new();
    private int waitingBytes;
    private ServedMethods? served;

    public LinkStanding Standing { get; } = new(parts, peer, grant, LinkPurpose.MethodRequests);

    public override void OnAttached()
    {
        Standing.Begin(Link, this);
        FollowPair();
    }

    public override void OnCredit() => Send();

    public override void OnClosed()
    {
        Standing.End(this);
        FollowPair();
    }

    /// <summary>This link or the one for the answers has come or gone.</summary>
    internal void FollowPair()
    {
        ServedMethods? begun = null;
        ServedMethods? ended = null;
        lock (gate)
        {
            var isWhole = !Standing.HasEnded && parts.Links.FindBeside<MethodAnswersLink>(Standing, LinkPurpose.MethodAnswers) is not null;
            if (isWhole && served is null)
            {
                begun = served = parts.Methods.Open(Standing.Hub, Standing.Identity, Standing.Principal.GenerationId, this);
            }
            else if (!isWhole)
            {
                (ended, served) = (served, null);
                waiting.Clear();
                waitingBytes = 0;
            }
        }

        // Outside the gate: it ends an older session, which takes its own.
        ended?.Dispose();
        begun?.Begin();
    }

    /// <summary>From the link for the answers. Nobody waits for ids that are not ours, nor for late ones.</summary>
    internal void Answer(in MethodAnswerMessage answer)
    {
        ServedMethods? calls;
        lock (gate)
        {
            calls = served;
        }

        if (calls is not null && calls.IsWaiting(answer.Id))
        {
            calls.Answer(answer.Id, answer.Status, answer.CopyPayload());
        }
    }

    // A device that gives no credit yet gets its requests when it does; one that does not read gets no more of them.
    public bool TryInvoke(in MethodRequest request)
    {
        lock (gate)
        {
            while (waiting.TryPeek(out var oldest) && !IsWanted(oldest))
            {
                Drop();
            }

            if (waiting.Count > 0 && waitingBytes + BytesOf(request) > parts.Options.MaxUnreadBytes)
            {
                return false;
            }

            waiting.Enqueue(request);
            waitingBytes += BytesOf(request);
        }

        Send();
        return true;
    }

    void IOwnedLink.Displace() => LinkStanding.Displace(Link);

    // By a session of another kind: the answers have nowhere to go either, unless they belong to a newer link of this connection by now.
    void IMethodTarget.Displace()
    {
        bool isWhole;
        lock (gate)
        {
            isWhole = served is not null;
        }

        if (isWhole)
        {
            parts.Links.FindBeside<MethodAnswersLink>(Standing, LinkPurpose.MethodAnswers)?.Displace();
        }

        LinkStanding.Displace(Link);
    }

    private static int BytesOf(in MethodRequest request) => MethodMessage.HeadBytes + request.Name.Length + request.Payload.Length;

    private bool IsWanted(in MethodRequest request) => served is not null && served.IsWaiting(request.Id);

    private void Drop() => waitingBytes -= BytesOf(waiting.Dequeue());

    private void Send()
    {
        bool isEmpty;
        lock (gate)
        {
            // Of a caller that has given up the device shall not hear.
            while (waiting.TryPeek(out var next) && (!IsWanted(next) || TrySend(next)))
            {
                Drop();
            }

            isEmpty = waiting.Count == 0;
        }

        if (isEmpty)
        {
            Link.CompleteDrain();
        }

        Link.FlushSoon();
    }

    // Settled: whether it has arrived is told by the answer.
    private bool TrySend(in MethodRequest request)
    {
        Span<byte> tag = stackalloc byte[16];
        request.Id.TryWriteBytes(tag);
        var message = new AmqpBuffer();
        try
        {
            MethodMessage.Write(new AmqpWriter(message), request);
            return Link.TrySend(tag, 0, message.Written, settled: true, out _);
        }
        finally
        {
            message.Release();
        }
    }
}
