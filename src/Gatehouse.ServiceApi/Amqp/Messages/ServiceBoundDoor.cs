using Gatehouse.Contracts.Access;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Notifications;
using Gatehouse.Hub.Throttling;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Microsoft.Extensions.Logging;

namespace Gatehouse.ServiceApi.Amqp.Messages;

/// <summary>
/// Nodes of back ends on the hub's own name: <c>/messages/devicebound</c> takes messages to devices, <c>/messages/serviceBound/feedback</c> and
/// <c>/messages/serviceBound/filenotifications</c> give notifications.
/// </summary>
/// <remarks>Source: service-plane §7.2, §7.3 of the wire reference. Paths in any case, plain or as a full URI.</remarks>
internal sealed class ServiceBoundDoor(CloudToDeviceMessages messages, NotificationQueues notifications, Throttles throttles, ILogger<ServiceBoundDoor> log) : IAmqpDoor
{
    // Messages on their way to the store: a back end waits for the outcome of each, or sends a few at once.
    private const int Credit = 100;

    // Twice what a message may have: what is a little too large costs the message and not the link.
    private const int MaxMessageBytes = 128 * 1024;

    public bool Serves(LinkRequest request) => request.PeerSends ? IsDeviceBound(request.Address) : KindOf(request.Address) is not null;

    public ValueTask<LinkDecision> AttachAsync(LinkRequest request, CancellationToken cancellationToken) =>
        new(KindOf(request.Address) is { } kind && !request.PeerSends ? Receive(request, kind) : Send(request));

    private LinkDecision Send(LinkRequest request)
    {
        var reach = EventAccess.ReachHub(request.Peer, request.Address.Host, "messages/devicebound", Operations.SendCloudToDeviceMessage);
        return reach.IsOk
            ? new LinkDecision.Receive(new DeviceBoundSender(messages, throttles, reach.Value, log)) { Credit = Credit, MaxMessageBytes = MaxMessageBytes }
            : new LinkDecision.Refuse(AmqpErrors.From(reach.Error));
    }

    private LinkDecision Receive(LinkRequest request, NotificationKind kind)
    {
        var (path, row) = kind == NotificationKind.Feedback
            ? ("messages/servicebound/feedback", Operations.ReceiveFeedbackNotification)
            : ("messages/servicebound/filenotifications", Operations.ReceiveFileUploadNotification);
        var reach = EventAccess.ReachHub(request.Peer, request.Address.Host, path, row);
        return reach.IsOk
            ? new LinkDecision.Send(new NotificationReceiver(notifications, reach.Value, kind, log))
            : new LinkDecision.Refuse(AmqpErrors.From(reach.Error));
    }

    private static bool IsDeviceBound(AmqpAddress address) => address.Matches("messages", "devicebound");

    private static NotificationKind? KindOf(AmqpAddress address) =>
        address.Matches("messages", "servicebound", "feedback") ? NotificationKind.Feedback
        : address.Matches("messages", "servicebound", "filenotifications") ? NotificationKind.FileNotification
        : null;
}
