using System.Buffers;
using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Wire.Mqtt;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>The MQTT reader, the topic and property-bag grammar and the user name: a value for every input.</summary>
public sealed class MqttFuzz
{
    private static readonly byte[] Connect =
        [0x10, 20, 0, 4, .. "MQTT"u8, 4, 0xc0, 0, 60, 0, 1, .. "d"u8, 0, 2, .. "h/"u8, 0, 1, .. "p"u8];

    private static readonly byte[] Publish = [0x32, 29, 0, 25, .. "devices/d/messages/events/"u8.ToArray()[..25], 0, 7];
    private static readonly byte[] Subscribe = [0x82, 6, 0, 1, 0, 1, .. "#"u8, 1];

    [Fact]
    public void Packets_are_read_or_refused()
    {
        var scratch = new byte[PublishPacket.MaxTopicBytes];
        FuzzRun.Run([Connect, Publish, Subscribe, [0xc0, 0], [0xe0, 0], [.. Connect, .. Publish, .. Subscribe]], input => ReadAll(input, scratch));
    }

    [Fact]
    public void Topics_and_bags_are_read_or_refused()
    {
        var topic = new TelemetryTopic(new IdentityKey(DeviceId.Parse("d")));
        var target = new byte[8192];
        FuzzRun.Run(
            ["devices/d/messages/events/%24.mid=1&a=%41&b&c=/"u8.ToArray(), "devices/d/messages/events/?&&==%"u8.ToArray()],
            input =>
            {
                if (topic.TryMatch(input, out var bag))
                {
                    var properties = new PropertyBag(bag);
                    while (properties.Read())
                    {
                        PercentDecoder.Decode(properties.Value, target.AsSpan(PercentDecoder.Decode(properties.Key, target)));
                    }
                }
            },
            new FuzzOptions { Words = ["devices/d/messages/events/"u8.ToArray(), "%24."u8.ToArray(), "&"u8.ToArray(), "="u8.ToArray()] });
    }

    [Fact]
    public void User_names_and_filters_are_read_or_refused()
    {
        var identity = new IdentityKey(DeviceId.Parse("d"));
        FuzzRun.Run(
            ["h/d/?api-version=2021-04-12&DeviceClientType=a%20b"u8.ToArray(), "$iothub/methods/POST/#"u8.ToArray()],
            input =>
            {
                var text = Encoding.UTF8.GetString(input);
                UserName.TryParse(text, "d", out _);
                SubscriptionFilter.TryMatch(text, identity, out _);
            },
            new FuzzOptions { Words = ["h/d/?"u8.ToArray(), "model-id="u8.ToArray(), "%"u8.ToArray(), "$iothub/"u8.ToArray()] });
    }

    private static void ReadAll(ReadOnlySpan<byte> input, byte[] scratch)
    {
        var buffer = new ReadOnlySequence<byte>(input.ToArray());
        while (MqttFrame.TryRead(ref buffer, 4096, out var frame, out _))
        {
            ConnectPacket.TryRead(frame.Body, out _);
            PublishPacket.TryRead(frame, scratch, out _);
            SubscribePacket.TryRead(frame, out _);
        }
    }
}
