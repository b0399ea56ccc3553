using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Mqtt;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.ServiceApi.Amqp.Messages;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;
using Gatehouse.Wire.Mqtt;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>Messages to devices, as back ends send them over AMQP: refused, or stored as they are and shown to the device as one topic.</summary>
public sealed class DeviceBoundFuzz
{
    private static readonly byte[][] Words =
    [
        [0x00, 0x53, 0x73], [0x00, 0x53, 0x74], [0x00, 0x53, 0x75], [0x00, 0x53, 0x76], [0x00, 0x53, 0x77], [0x40], [0x41], [0x45], [0xa1, 1, 0x6b], [0xa0, 1, 0xff],
        .. new[] { "iothub-ack", "full", "/devices/", "/modules/m", "%41", "%", "messages/devicebound", "amqps://h/" }.Select(Encoding.ASCII.GetBytes),
        [0x83, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ];

    private static readonly byte[][] Seeds =
    [
        Encode(
            (Descriptors.Properties, new List<object?> { Guid.Empty, new byte[] { 0xff }, "/devices/d%401/messages/devicebound", null, null, 7ul, new Symbol("application/json"), null, new AmqpTimestamp(1), new AmqpTimestamp(2) }),
            (Descriptors.ApplicationProperties, new AmqpMap { { "iothub-ack", "full" }, { "n", -5 }, { "d", 1.5 }, { "t", new AmqpTimestamp(1) }, { "g", Guid.Empty }, { "y", true }, { "z", null } }),
            (Descriptors.Data, "body"u8.ToArray()),
            (Descriptors.Data, "more"u8.ToArray())),
        Encode((Descriptors.Properties, new List<object?> { "id", null, "/devices/d/messages/devicebound" }), (Descriptors.AmqpValue, "text")),
    ];

    [Fact]
    public void A_message_is_refused_or_is_stored_and_shown_as_it_is() => FuzzRun.Run(
        Seeds,
        static input =>
        {
            var read = DeviceBoundMessage.Read(new IncomingMessage(input.ToArray(), 0, 1, IsSettled: false));
            if (!read.IsOk)
            {
                Assert.InRange(read.Error.HttpStatus, 400, 499);
                return;
            }

            Assert.InRange(read.Value.Message.Body.Length, 0, input.Length);
            CheckStoredAndShown(read.Value.Message);
        },
        new FuzzOptions { Words = Words, AllocationBytes = 1024 * 1024 });

    [Fact]
    public void Reserved_topics_are_read_or_refused() => FuzzRun.Run(
        ["$iothub/methods/res/200/?$rid=1"u8.ToArray(), "$iothub/twin/GET/?$rid=a%20b"u8.ToArray(), "$iothub/twin/PATCH/properties/reported/?$rid=2&$version=7"u8.ToArray()],
        static input =>
        {
            if (!ReservedTopic.TryRead(input, out var topic))
            {
                return;
            }

            // The id goes back to the device in a topic.
            Assert.InRange(topic.RequestId.Length, 1, ReservedTopic.MaxRequestIdBytes);
            Assert.True(topic.RequestId.IndexOfAny("#+"u8) < 0 && input.IndexOf(topic.RequestId) >= 0 && ReservedTopic.IsReserved(input));
        },
        new FuzzOptions { Words = [.. new[] { "$iothub/", "/?", "$rid=", "$version=", "&", "-", "+", "#", "9223372036854775808", "methods/res/", "twin/GET" }.Select(Encoding.ASCII.GetBytes)] });

    /// <summary>What is stored reads as it was, and the topic that the device sees is one that MQTT allows.</summary>
    internal static void CheckStoredAndShown(CloudMessage message)
    {
        if (MessageRules.Check(message, new CloudToDeviceOptions()) is { } refused)
        {
            Assert.InRange(refused.HttpStatus, 400, 499);
            return;
        }

        var again = MessageContent.Decode(MessageContent.Encode(message), message.Acknowledgement);
        Assert.Equal(message.Properties, again.Properties);
        Assert.Equal((message.MessageId, message.CorrelationId, message.UserId, message.ContentType), (again.MessageId, again.CorrelationId, again.UserId, again.ContentType));
        Assert.Equal(message.Body.ToArray(), again.Body.ToArray());
        var topic = DeviceBoundTopic.Encode(DeviceId.Parse("d"), again);
        Assert.True(topic.AsSpan().IndexOfAny('#', '+', '\0') < 0, topic);
    }

    private static byte[] Encode(params (ulong Section, object? Value)[] sections)
    {
        var buffer = new AmqpBuffer();
        var writer = new AmqpWriter(buffer);
        foreach (var (section, value) in sections)
        {
            writer.Descriptor(section);
            writer.Object(value);
        }

        return buffer.Written.ToArray();
    }
}
