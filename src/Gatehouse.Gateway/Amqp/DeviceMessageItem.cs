using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Transport.Amqp.Queues;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>A message to a device as its AMQP client reads it.</summary>
/// <remarks>The types of the annotations are exact: the C# SDK casts them. Source: device-plane §2.6 of the wire reference.</remarks>
internal sealed class DeviceMessageItem(DeviceId device, LockedMessage locked) : QueueItem
{
    public override Guid LockToken => locked.LockToken;

    public override void Write(AmqpWriter writer)
    {
        WriteAnnotations(writer);
        WriteProperties(writer);
        WriteApplication(writer);
        writer.Descriptor(Descriptors.Data);
        writer.Binary(locked.Message.Body.Span);
    }

    private void WriteAnnotations(AmqpWriter writer)
    {
        writer.Descriptor(Descriptors.MessageAnnotations);
        var map = writer.BeginMap();
        writer.Symbol("iothub-enqueuedtime"u8);
        writer.Timestamp(locked.EnqueuedTime.ToUnixTimeMilliseconds());
        writer.Symbol("iothub-deliverycount"u8);
        writer.UByte((byte)Math.Min(locked.DeliveryCount, byte.MaxValue));
        writer.Symbol("x-opt-sequence-number"u8);
        writer.ULong((ulong)locked.SequenceNumber);
        writer.Symbol("x-opt-lock-token"u8);
        writer.String(locked.LockToken.ToString());
        writer.EndMap(map, 8);
    }

    private void WriteProperties(AmqpWriter writer)
    {
        var message = locked.Message;
        writer.Descriptor(Descriptors.Properties);
        var list = writer.BeginList();
        Text(writer, message.MessageId);
        if (message.UserId is { } user)
        {
            writer.Binary(Encoding.UTF8.GetBytes(user));
        }
        else
        {
            writer.Null();
        }

        writer.String($"/devices/{device.Value}/messages/deviceBound");
        writer.Null(); // subject
        writer.Null(); // reply-to
        Text(writer, message.CorrelationId);
        Symbol(writer, message.ContentType);
        Symbol(writer, message.ContentEncoding);
        if (message.ExpiresAt is { } expiry)
        {
            writer.Timestamp(expiry.ToUnixTimeMilliseconds());
        }
        else
        {
            writer.Null();
        }

        writer.EndList(list, 9);
    }

    private void WriteApplication(AmqpWriter writer)
    {
        var message = locked.Message;
        writer.Descriptor(Descriptors.ApplicationProperties);
        var map = writer.BeginMap();
        var count = 0;
        foreach (var (name, value) in message.Properties)
        {
            writer.String(name);
            Text(writer, value);
            count++;
        }

        count += System(writer, "iothub-ack", AcknowledgementWords.Of(message.Acknowledgement))
            + System(writer, "iothub-message-schema", message.MessageSchema)
            + System(writer, "iothub-creation-time-utc", message.CreationTimeUtc)
            + System(writer, "iothub-operation", message.Operation);
        writer.EndMap(map, 2 * count);
    }

    private static int System(AmqpWriter writer, string name, string? value)
    {
        if (value is null)
        {
            return 0;
        }

        writer.String(name);
        writer.String(value);
        return 1;
    }

    private static void Text(AmqpWriter writer, string? value)
    {
        if (value is null)
        {
            writer.Null();
        }
        else
        {
            writer.String(value);
        }
    }

    private static void Symbol(AmqpWriter writer, string? value)
    {
        if (value is null)
        {
            writer.Null();
        }
        else
        {
            writer.Symbol(value);
        }
    }
}
