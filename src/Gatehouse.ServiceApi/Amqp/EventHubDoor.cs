using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Events;
using Gatehouse.ServiceApi.Amqp.Events;
using Gatehouse.ServiceApi.Amqp.Management;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Transport.Amqp.Requests;
using Gatehouse.Wire.Amqp;
using Microsoft.Extensions.Logging;

namespace Gatehouse.ServiceApi.Amqp;

/// <summary>The Event-Hubs-compatible endpoint: partition receivers, <c>$management</c>, and the redirect from the hub's own name.</summary>
internal sealed class EventHubDoor(EventAccess access, PartitionReaders readers, EventEntities entities, ServiceApiOptions options, TimeProvider time, ILogger<EventHubDoor> log) : IAmqpDoor
{
    private const string EpochProperty = "com.microsoft:epoch";
    private const string RuntimeMetricCapability = "com.microsoft:enable-receiver-runtime-metric";

    // A read request has no body to speak of.
    private const int MaxRequestBytes = 16 * 1024;

    public bool Serves(LinkRequest request) => EventAddress.From(request.Address) is { } address && (address is EventAddress.Management || !request.PeerSends);

    public ValueTask<LinkDecision> AttachAsync(LinkRequest request, CancellationToken cancellationToken) => EventAddress.From(request.Address) switch
    {
        EventAddress.Receiver receiver => ReceiveAsync(request, receiver, cancellationToken),
        EventAddress.Management management => new(Manage(request, management)),
        EventAddress.Redirected redirected => new(Redirect(request, redirected)),
        _ => throw new InvalidOperationException("A link of another door."),
    };

    private async ValueTask<LinkDecision> ReceiveAsync(LinkRequest request, EventAddress.Receiver address, CancellationToken cancellationToken)
    {
        var reach = access.Reach(request.Peer, request.Address.Host, address.Entity, $"/ConsumerGroups/{address.Group}/Partitions/{address.Partition}", Operations.ReadEvents);
        if (!reach.IsOk)
        {
            return new LinkDecision.Refuse(AmqpErrors.From(reach.Error));
        }

        if (!ReceiverStart.TryRead(request.Terminus.Filters, out var from, out var error) || !TryReadLevel(request.Attach, out var level, out error))
        {
            return new LinkDecision.Refuse(EventErrors.Of(AmqpConditions.ArgumentError, error));
        }

        var (reader, fault) = await readers.OpenAsync(
            reach.Value.Principal.Hub,
            new ReaderRequest { ConsumerGroup = address.Group, Partition = address.Partition ?? -1, From = from, OwnerLevel = level },
            cancellationToken);
        if (reader is null)
        {
            return new LinkDecision.Refuse(EventErrors.From(fault!));
        }

        var metric = request.Attach.DesiredCapabilities.Contains(RuntimeMetricCapability) ? new RuntimeMetric(time) : null;
        return new LinkDecision.Send(new EventReceiver(reader, reach.Value, metric, log));
    }

    private LinkDecision Manage(LinkRequest request, EventAddress.Management address)
    {
        var reach = access.Reach(request.Peer, request.Address.Host, address.Entity, "/$management", Operations.GetPartitions);
        if (!reach.IsOk)
        {
            return new LinkDecision.Refuse(AmqpErrors.From(reach.Error));
        }

        var replies = request.Peer.Keep(static _ => new ManagementReplies()).Links;
        return request.PeerSends
            ? new LinkDecision.Receive(new EventManagement(request, access, entities, reach.Value, replies)) { Credit = 64, MaxMessageBytes = MaxRequestBytes }
            : new LinkDecision.Send(replies.Add(request));
    }

    private LinkDecision Redirect(LinkRequest request, EventAddress.Redirected address)
    {
        var reach = EventAccess.ReachHub(request.Peer, request.Address.Host, $"messages/events{address.Suffix}", Operations.ReadEvents);
        return reach.IsOk
            ? new LinkDecision.Redirect(EventRedirect.To(request, reach.Value.Principal.Hub, address.Suffix, options.AmqpPort))
            : new LinkDecision.Refuse(AmqpErrors.From(reach.Error));
    }

    private static bool TryReadLevel(Attach attach, out long? level, [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        (level, error) = (null, null);
        if (attach.Properties is null || !attach.Properties.TryGet(EpochProperty, out var value) || value is null)
        {
            return true;
        }

        if (!attach.Properties.TryGetInteger(EpochProperty, out var number) || number < 0)
        {
            error = $"{EpochProperty} must be a whole number, 0 or more.";
            return false;
        }

        level = number;
        return true;
    }

    private sealed class ManagementReplies
    {
        internal ReplyLinks Links { get; } = new();
    }
}
