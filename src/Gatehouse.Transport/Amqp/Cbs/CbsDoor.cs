using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Transport.Amqp.Requests;

namespace Gatehouse.Transport.Amqp.Cbs;

/// <summary>The <c>$cbs</c> node (claims-based security): where a peer brings its tokens before, and while, it uses other links.</summary>
internal sealed class CbsDoor : IAmqpDoor
{
    // A token is at most a few KiB; anything longer is no token.
    private const int MaxRequestBytes = 16 * 1024;

    public bool IsOpenToAll => true;

    public bool Serves(LinkRequest request) => request.Address.Segments is [.., "$cbs"] && request.Address.Segments.Count == 1;

    public ValueTask<LinkDecision> AttachAsync(LinkRequest request, CancellationToken cancellationToken)
    {
        var replies = request.Peer.Keep(static _ => new CbsReplies()).Links;
        return new(request.PeerSends
            ? new LinkDecision.Receive(new CbsRequests(request.Peer, replies, request.Channel)) { Credit = 64, MaxMessageBytes = MaxRequestBytes }
            : new LinkDecision.Send(replies.Add(request)));
    }

    private sealed class CbsReplies
    {
        internal ReplyLinks Links { get; } = new();
    }
}
