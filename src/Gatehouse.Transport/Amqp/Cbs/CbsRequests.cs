using Gatehouse.Contracts.Errors;
using Gatehouse.Transport.Amqp.Requests;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Cbs;

/// <summary>put-token: operation, type and name are application properties, the token is the body.</summary>
/// <remarks>Sources: AMQP claims-based security draft; device-plane §2.3 and service-plane §7.1, §7.4 of the wire reference for what each SDK sends.</remarks>
internal sealed class CbsRequests(AmqpPeer peer, ReplyLinks replies, ushort channel) : RequestHandler(replies, channel)
{
    protected override async ValueTask<NodeReply> AnswerAsync(NodeRequest request)
    {
        if (!request.Application.TryGetText("operation", out var operation) || operation != "put-token")
        {
            return Refuse(400, AmqpConditions.NotImplemented, "The operation must be put-token.");
        }

        if (!request.Application.TryGetText("name", out var audience) || request.Body is not string token)
        {
            return Refuse(400, AmqpConditions.InvalidField, "put-token needs the property name, and the token as an amqp-value string.");
        }

        // Every SDK names another type for the same SAS token; the token itself tells.
        if (!token.StartsWith("SharedAccessSignature ", StringComparison.Ordinal))
        {
            return Refuse(400, AmqpConditions.NotImplemented, "Only SAS tokens are taken.");
        }

        var proved = await peer.Proofs.PutTokenAsync(audience, token, CancellationToken.None);
        if (!proved.IsOk)
        {
            return Refuse(proved.Error);
        }

        peer.MarkProved();
        return new NodeReply(200, "OK");
    }

    private static NodeReply Refuse(HubError error) => Refuse(error.HttpStatus, AmqpErrors.ConditionOf(error), error.Message);

    private static NodeReply Refuse(int status, string condition, string description) => new(status, description) { Condition = condition };
}
