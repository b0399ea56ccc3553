using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Requests;

/// <summary>Takes the requests to a node; answers leave on one of <see cref="ReplyLinks"/>. A bounded number is under way at once.</summary>
public abstract class RequestHandler(ReplyLinks replies, ushort channel) : IncomingHandler
{
    /// <summary>Requests of one link whose answer is not on the wire yet; more wait.</summary>
    private const int MaxUnderWay = 32;

    private int underWay;

    public sealed override bool TryTake(in IncomingMessage message)
    {
        if (Volatile.Read(ref underWay) >= MaxUnderWay)
        {
            return false;
        }

        if (!NodeRequest.TryRead(message.Bytes.Span, out var request))
        {
            if (!message.IsSettled)
            {
                Link.Settle(message.DeliveryId, Outcome.Rejected, AmqpErrors.Of(AmqpConditions.DecodeError, "The request cannot be read."));
                Link.FlushSoon();
            }

            return true;
        }

        if (!message.IsSettled)
        {
            Link.Settle(message.DeliveryId, Outcome.Accepted);
        }

        Interlocked.Increment(ref underWay);
        _ = RunAsync(request);
        return true;
    }

    /// <summary>Answers one request; what it throws becomes a 500.</summary>
    protected abstract ValueTask<NodeReply> AnswerAsync(NodeRequest request);

    private async Task RunAsync(NodeRequest request)
    {
        NodeReply reply;
        try
        {
            reply = await AnswerAsync(request);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Link.Session.Connection.Parts.Log.HandlerFailed(error, Link.Session.Connection.Remote, Link.LogName);
            reply = new NodeReply(500, "The server failed to answer; see its log.") { Condition = AmqpConditions.InternalError };
        }

        if (replies.Find(channel, request.ReplyTo) is { } way)
        {
            way.Send(request, reply, Done);
        }
        else
        {
            // Nobody can be told: the peer has no receiver on this node.
            Done();
        }

        Link.FlushSoon();
    }

    private void Done()
    {
        if (Interlocked.Decrement(ref underWay) < MaxUnderWay)
        {
            Link.Resume();
        }
    }
}
