using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Transport.Amqp.Requests;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.ServiceApi.Amqp.Management;

/// <summary>Requests to <c>$management</c>: <c>operation</c>, <c>name</c>, <c>type</c> and <c>partition</c> are application properties.</summary>
internal sealed class EventManagement(LinkRequest link, EventAccess access, EventEntities entities, IGrant grant, ReplyLinks replies) : RequestHandler(replies, link.Channel)
{
    private IDisposable? granted;
    private volatile bool isClosed;

    public override void OnAttached()
    {
        granted = grant.WhenEnded(error => Link.Detach(AmqpErrors.From(error)));
        if (isClosed)
        {
            granted.Dispose();
        }
    }

    public override void OnClosed()
    {
        isClosed = true;
        granted?.Dispose();
    }

    protected override async ValueTask<NodeReply> AnswerAsync(NodeRequest request)
    {
        if (!request.Application.TryGetText("operation", out var operation) || !request.Application.TryGetText("type", out var type))
        {
            return Refuse(400, AmqpConditions.InvalidField, "The request needs the properties operation and type.");
        }

        // The clients' maps are in the case of their own; the words are fixed.
        if (!operation.Equals("READ", StringComparison.OrdinalIgnoreCase) || type is not (EventEntities.EventHubType or EventEntities.PartitionType))
        {
            return Refuse(501, AmqpConditions.NotImplemented, "Only READ of com.microsoft:eventhub and com.microsoft:partition is there.");
        }

        request.Application.TryGetText("name", out var entity);
        var reach = access.Reach(link.Peer, link.Address.Host, entity ?? "", "/$management", Operations.GetPartitions);
        if (!reach.IsOk)
        {
            return Refuse(reach.Error.HttpStatus, AmqpErrors.ConditionOf(reach.Error), reach.Error.Message);
        }

        var hub = reach.Value.Principal.Hub;
        if (type == EventEntities.EventHubType)
        {
            return Found(await entities.ReadEventHubAsync(hub, CancellationToken.None));
        }

        request.Application.TryGetText("partition", out var partition);
        return await entities.ReadPartitionAsync(hub, partition ?? "", CancellationToken.None) is { } map
            ? Found(map)
            : Refuse(404, AmqpConditions.NotFound, EventErrors.NotFound($"{hub}/partitions/{partition}"));
    }

    private static NodeReply Found(AmqpMap map) => new(200, "OK") { Body = map };

    private static NodeReply Refuse(int status, string condition, string description) => new(status, description) { Condition = condition };
}
