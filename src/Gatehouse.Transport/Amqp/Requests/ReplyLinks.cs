using Gatehouse.Transport.Amqp.Links;

namespace Gatehouse.Transport.Amqp.Requests;

/// <summary>The links of one connection on which a node's answers can leave.</summary>
/// <remarks>
/// Clients disagree on reply-to: the name of the link, the address of its target, the literal <c>cbs</c>, or nothing. So: the link whose name or
/// target it is; else the newest of the same session; else the newest of the connection.
/// </remarks>
public sealed class ReplyLinks
{
    private readonly Lock gate = new();
    private readonly List<ReplyHandler> handlers = [];

    /// <summary>A handler for a new receiver of the node.</summary>
    public OutgoingHandler Add(LinkRequest request)
    {
        var handler = new ReplyHandler(this, request.Channel, request.Attach.Name, request.PeerEnd);
        lock (gate)
        {
            handlers.Add(handler);
        }

        return handler;
    }

    internal void Remove(ReplyHandler handler)
    {
        lock (gate)
        {
            handlers.Remove(handler);
        }
    }

    internal ReplyHandler? Find(ushort channel, string? replyTo)
    {
        lock (gate)
        {
            return handlers.FindLast(each => replyTo is not null && (each.Name == replyTo || each.Target == replyTo))
                ?? handlers.FindLast(each => each.Channel == channel)
                ?? handlers.LastOrDefault();
        }
    }
}
