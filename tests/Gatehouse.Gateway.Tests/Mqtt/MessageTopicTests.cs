using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Xunit;

namespace Gatehouse.Gateway.Tests.Mqtt;

/// <summary>Messages to devices over MQTT: the topic that SDKs can read, PUBACK that completes, and what happens without one.</summary>
public sealed class MessageTopicTests : IAsyncLifetime
{
    private const string Filter = "devices/d1/messages/devicebound/#";
    private const string Topic = "devices/d1/messages/devicebound/%24.to=%2Fdevices%2Fd1%2Fmessages%2FdeviceBound";

    private GatewayHost host = null!;
    private string key = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private CloudToDeviceMessages Messages => host.Get<CloudToDeviceMessages>();

    public async ValueTask InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        key = await host.RegisterAsync("d1");
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task The_topic_carries_every_property_escaped_and_is_never_without_a_bag()
    {
        var device = await host.ConnectAsync("d1", key);
        await device.SubscribeAsync(Filter, 1);
        var expiry = host.Time.GetUtcNow().AddHours(1);

        await SendAsync("plain");
        Assert.Equal(Topic, (await device.ReadPublishAsync()).Topic);
        await SendAsync("full", message => message with
        {
            MessageId = "m=1",
            CorrelationId = "c",
            UserId = "u",
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            CreationTimeUtc = "2026-01-02T03:04:05Z",
            ExpiresAt = expiry,
            Acknowledgement = Acknowledgement.Full,
            Properties = [new("a&b", "x=y/ä"), new("empty", null)],
        });

        var full = await device.ReadPublishAsync();
        Assert.Equal(
            $"{Topic}&%24.mid=m%3D1&%24.cid=c&%24.uid=u&%24.ct=application%2Fjson&%24.ce=utf-8&%24.exp={Uri.EscapeDataString(expiry.UtcDateTime.ToString("O"))}"
            + "&%24.ctime=2026-01-02T03%3A04%3A05.0000000Z&iothub-ack=full&a%26b=x%3Dy%2F%C3%A4&empty=",
            full.Topic);
        Assert.Equal("full", full.Body);
        Assert.Matches("exp=[0-9-]+T[0-9]{2}%3A[0-9]{2}%3A[0-9]{2}\\.[0-9]{7}Z&", full.Topic);
    }

    [Fact]
    public async Task A_PUBACK_completes_in_any_order_and_what_waited_before_the_subscription_comes_too()
    {
        await SendAsync("one");
        await SendAsync("two");
        var device = await host.ConnectAsync("d1", key);
        await device.SubscribeAsync(Filter, 1);
        var (one, two) = (await device.ReadPublishAsync(), await device.ReadPublishAsync());
        Assert.Equal(("one", "two"), (one.Body, two.Body));
        Assert.True(one.PacketId != 0 && two.PacketId != 0 && one.PacketId != two.PacketId);
        Assert.Equal(2, await CountAsync());

        await device.AcknowledgeAsync(two.PacketId);
        await device.AcknowledgeAsync(one.PacketId);
        await device.AcknowledgeAsync(4711);

        await ExpectEmptyAsync();
    }

    [Fact]
    public async Task A_subscription_of_QoS_0_completes_on_delivery()
    {
        var device = await host.ConnectAsync("d1", key);
        await device.SubscribeAsync(Filter, 0);
        await SendAsync("one");

        var message = await device.ReadPublishAsync();

        Assert.Equal(("one", (ushort)0), (message.Body, message.PacketId));
        await ExpectEmptyAsync();
    }

    [Fact]
    public async Task A_message_of_QoS_0_that_was_on_its_way_when_the_connection_was_lost_comes_again()
    {
        var device = host.Open(outputBytes: 512);
        await device.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key)));
        await device.ExpectAsync(0x20, 2, 0, 0);
        await device.SubscribeAsync(Filter, 0);
        await SendAsync(new string('x', 2000));
        await Eventually.TrueAsync(() => device.Connection.FromServer.TryRead(out var read) && Peek(device, read) > 512);

        device.Connection.Abort("the network was lost");
        await device.Ended;

        Assert.Equal(1, await CountAsync());
        var again = await host.ConnectAsync("d1", key);
        await again.SubscribeAsync(Filter, 0);
        Assert.Equal(2000, (await again.ReadPublishAsync()).Body.Length);
        await ExpectEmptyAsync();
    }

    [Fact]
    public async Task What_was_not_acknowledged_comes_again_after_a_reconnect_without_subscribing()
    {
        var device = await host.ConnectAsync("d1", key, cleanSession: false);
        await device.SubscribeAsync(Filter, 1);
        await SendAsync("one");
        await device.ReadPublishAsync();

        var again = host.Open();
        await again.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key), cleanSession: false));
        await again.ExpectAsync(0x20, 2, 1, 0);

        var second = await again.ReadPublishAsync();
        Assert.Equal("one", second.Body);
        await again.AcknowledgeAsync(second.PacketId);
        await ExpectEmptyAsync();
    }

    [Fact]
    public async Task No_more_than_the_window_is_under_way_and_an_acknowledgement_brings_the_next()
    {
        await host.DisposeAsync();
        host = await GatewayHost.StartAsync(options: new GatewayOptions { MessageWindow = 2 });
        key = await host.RegisterAsync("d1");
        for (var i = 0; i < 4; i++)
        {
            await SendAsync($"{i}");
        }

        var device = await host.ConnectAsync("d1", key);
        await device.SubscribeAsync(Filter, 1);
        var first = await device.ReadPublishAsync();
        Assert.Equal(("0", "1"), (first.Body, (await device.ReadPublishAsync()).Body));
        await Task.Delay(100, Token);
        device.ExpectNothing();
        await device.AcknowledgeAsync(first.PacketId);

        Assert.Equal("2", (await device.ReadPublishAsync()).Body);
        await Task.Delay(100, Token);
        device.ExpectNothing();
    }

    [Fact]
    public async Task A_window_that_nobody_acknowledges_goes_on_when_its_locks_end()
    {
        await host.DisposeAsync();
        host = await GatewayHost.StartAsync(options: new GatewayOptions { MessageWindow = 2 });
        key = await host.RegisterAsync("d1");
        for (var i = 0; i < 3; i++)
        {
            await SendAsync($"{i}");
        }

        var device = await host.ConnectAsync("d1", key);
        await device.SubscribeAsync(Filter, 1);
        await device.ReadPublishAsync();
        await device.ReadPublishAsync();
        var more = device.ReadPublishAsync();

        // The pump may still be at its last look: it asks to be woken at the end of it.
        await Eventually.TrueAsync(async () =>
        {
            host.Time.Advance(TimeSpan.FromSeconds(61));
            await host.Get<QueueUpkeep>().RunAsync(Token);
            await Task.Delay(50, Token);
            return more.IsCompletedSuccessfully;
        });
    }

    [Fact]
    public async Task Fifty_messages_of_the_largest_size_reach_a_device_that_acknowledges_each()
    {
        var body = new string('x', 60 * 1024);
        for (var i = 0; i < 50; i++)
        {
            await SendAsync(body);
        }

        var device = await host.ConnectAsync("d1", key);
        await device.SubscribeAsync(Filter, 1);
        for (var i = 0; i < 50; i++)
        {
            var message = await device.ReadPublishAsync();
            Assert.Equal(body.Length, message.Body.Length);
            await device.AcknowledgeAsync(message.PacketId);
        }

        await ExpectEmptyAsync();
    }

    private static long Peek(DeviceDriver device, System.IO.Pipelines.ReadResult read)
    {
        device.Connection.FromServer.AdvanceTo(read.Buffer.Start);
        return read.Buffer.Length;
    }

    private async Task ExpectEmptyAsync()
    {
        for (var i = 0; i < 1000 && await CountAsync() > 0; i++)
        {
            await Task.Delay(10, Token);
        }

        Assert.Equal(0, await CountAsync());
    }

    private async Task<int> CountAsync() => (await Messages.CountAsync(host.Hub, DeviceId.Parse("d1"), Token)).Value;

    private async Task SendAsync(string body, Func<CloudMessage, CloudMessage>? change = null)
    {
        var message = new CloudMessage { Body = Encoding.UTF8.GetBytes(body) };
        var sent = await Messages.SendAsync(host.Hub, DeviceId.Parse("d1"), change?.Invoke(message) ?? message, Token);
        Assert.True(sent.IsOk, sent.Error?.Message);
    }
}
