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

    /// <summary>A handler for a new receiver of the node. Answers may be given to it from now on; they leave when it is attached. Where it is refused, call its <see cref="OutgoingHandler.OnClosed"/>.</summary>
    /// <param name="request">The receiver.</param>
    /// <param name="onClosed">Called when it is gone; null for nothing.</param>
    public OutgoingHandler Add(LinkRequest request, Action? onClosed = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        var handler = new ReplyHandler(this, request.Channel, request.Attach.Name, request.PeerEnd, onClosed);
        lock (gate)
        {
            handlers.Add(handler);
        }

        return handler;
    }

    /// <summary>Sends an encoded message on the newest link of the session, else of the connection. Done when it is on its way or its link is gone; at once where there is none.</summary>
    public Task SendAsync(ushort channel, byte[] message)
    {
        if (Find(channel, null) is not { } way)
        {
            return Task.CompletedTask;
        }

        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        way.Send(message, sent.SetResult);
        return sent.Task;
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
