using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>Answers of one device or module to direct methods. What is wrong with one is its outcome; the call goes on to its time-out.</summary>
internal sealed class MethodAnswersLink(GatewayParts parts, AmqpPeer peer, IGrant grant) : IncomingHandler, IOwnedLink
{
    private static readonly HubError Unreadable = HubErrors.ArgumentInvalid.With("An answer to a method needs the correlation-id of its request, an IoThub-status that is an integer, and a body of data sections.");

    public LinkStanding Standing { get; } = new(parts, peer, grant, LinkPurpose.MethodAnswers);

    private MethodRequestsLink? Requests => parts.Links.FindBeside<MethodRequestsLink>(Standing, LinkPurpose.MethodRequests);

    public override void OnAttached()
    {
        Standing.Begin(Link, this);
        Requests?.FollowPair();
    }

    public override bool TryTake(in IncomingMessage message)
    {
        Standing.Touch();
        if (!MethodAnswerMessage.TryRead(message.Bytes.Span, out var answer))
        {
            Standing.Reject(Link, message, Unreadable);
            return true;
        }

        Requests?.Answer(answer);
        if (!message.IsSettled)
        {
            Link.Settle(message.DeliveryId, Outcome.Accepted);
            Link.FlushSoon();
        }

        return true;
    }

    public override void OnClosed()
    {
        Standing.End(this);
        Requests?.FollowPair();
    }

    public void Displace() => LinkStanding.Displace(Link);
}
