using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Notifications;
using Gatehouse.Transport.Amqp.Queues;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.ServiceApi.Amqp.Messages;

/// <summary>A notification as its receivers read it.</summary>
/// <remarks>The C# SDK compares the content type exactly and reads the annotation and the user id. Source: service-plane §7.3 of the wire reference.</remarks>
internal sealed class NotificationItem(HubName hub, NotificationKind kind, LockedNotification notification) : QueueItem
{
    public override Guid LockToken => notification.LockToken;

    public override void Write(AmqpWriter writer)
    {
        writer.Descriptor(Descriptors.MessageAnnotations);
        var map = writer.BeginMap();
        writer.Symbol("iothub-enqueuedtime"u8);
        writer.Timestamp(notification.EnqueuedTime.ToUnixTimeMilliseconds());
        writer.Symbol("iothub-deliverycount"u8);
        writer.UByte((byte)Math.Min(notification.DeliveryCount, byte.MaxValue));
        writer.Symbol("x-opt-sequence-number"u8);
        writer.ULong((ulong)notification.SequenceNumber);
        writer.Symbol("x-opt-lock-token"u8);
        writer.String(notification.LockToken.ToString());
        writer.EndMap(map, 8);

        writer.Descriptor(Descriptors.Properties);
        var list = writer.BeginList();
        writer.String(notification.LockToken.ToString()); // message-id
        writer.Binary(Encoding.UTF8.GetBytes(hub.Value)); // user-id
        writer.Null(); // to
        writer.Null(); // subject
        writer.Null(); // reply-to
        writer.Null(); // correlation-id
        writer.Symbol(kind == NotificationKind.Feedback ? "application/vnd.microsoft.iothub.feedback.json"u8 : "application/vnd.microsoft.iothub.filenotification.json"u8);
        writer.Symbol("utf-8"u8); // content-encoding
        writer.EndList(list, 8);

        writer.Descriptor(Descriptors.Data);
        writer.Binary(notification.Body.Span);
    }
}
