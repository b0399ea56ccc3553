using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Gateway.Tests.Amqp;
using Gatehouse.Gateway.Tests.Http;
using Gatehouse.Hub.Throttling;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>What a device is told at a limit of its hub, over each protocol; and that nobody who is not known comes near one.</summary>
public sealed class ThrottleTests
{
    private const string Condition = "com.microsoft:device-container-throttled";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connect_beyond_the_limit_is_answered_as_unavailable_over_MQTT_and_waiting_helps()
    {
        await using var host = await StartAsync(ThrottleClass.DeviceConnections, 2);
        var keys = new[] { await host.RegisterAsync("d1"), await host.RegisterAsync("d2"), await host.RegisterAsync("d3") };
        await host.ConnectAsync("d1", keys[0]);
        await host.ConnectAsync("d2", keys[1]);

        var third = host.Open();
        await third.SendAsync(DeviceDriver.Connect("d3", host.TokenOf("localhost/devices/d3", keys[2])));
        await third.ExpectAsync(0x20, 2, 0, 3);
        await third.Ended;
        Assert.Equal(RefusalReason.Throttled, Assert.Single(host.Refusals).Reason);

        host.Time.Advance(TimeSpan.FromSeconds(1));
        await host.ConnectAsync("d3", keys[2]);
    }

    [Fact]
    public async Task Proofs_that_are_refused_use_nothing_up()
    {
        await using var host = await StartAsync(ThrottleClass.DeviceConnections, 2);
        var key = await host.RegisterAsync("d1");
        for (var i = 0; i < 10; i++)
        {
            var stranger = host.Open();
            await stranger.SendAsync(DeviceDriver.Connect($"d{i}", host.TokenOf($"localhost/devices/d{i}", Convert.ToBase64String(new byte[32]))));
            await stranger.ExpectAsync(0x20, 2, 0, 5);
        }

        Assert.Equal(0, host.Get<Throttles>().SharesCount);
        await host.ConnectAsync("d1", key);
        Assert.Equal(1, host.Get<Throttles>().SharesCount);
    }

    [Fact]
    public async Task A_link_of_one_more_device_is_refused_over_AMQP_and_further_links_of_a_connected_one_are_not()
    {
        await using var host = await StartAsync(ThrottleClass.DeviceConnections, 1);
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        Assert.Null(await device.AttachAsync(3, "/devices/d1/messages/events"));
        Assert.Equal(200, await device.PutTokenAsync("d2", await host.RegisterAsync("d2")));

        var refused = await device.AttachAsync(4, "/devices/d2/messages/events");

        Assert.Equal(Condition, refused?.Condition);
        Assert.Contains("\"errorCode\":429001", refused!.Description, StringComparison.Ordinal);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await device.AttachAsync(5, "/devices/d2/messages/events"));
    }

    [Fact]
    public async Task Links_that_a_device_attaches_together_are_one_connection()
    {
        await using var host = await StartAsync(ThrottleClass.DeviceConnections, 1, TimeSpan.FromSeconds(10));
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        Assert.Equal(200, await device.PutTokenAsync("d2", await host.RegisterAsync("d2")));
        for (var handle = 4u; handle < 8; handle++)
        {
            await device.BeginAttachAsync(handle, "/devices/d2/messages/events");
        }

        await device.ExpectNothingAsync();
        host.Time.Advance(TimeSpan.FromSeconds(1));

        for (var i = 0; i < 4; i++)
        {
            Assert.True(Attach.TryRead(await device.ExpectAsync(Descriptors.Attach), out var answer, out _));
            Assert.NotNull(answer.Target);
        }

        // One was taken: the next device waits a second, not four.
        Assert.Equal(200, await device.PutTokenAsync("d3", await host.RegisterAsync("d3")));
        await device.BeginAttachAsync(9, "/devices/d3/messages/events");
        await device.ExpectNothingAsync();
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await device.ExpectAsync(Descriptors.Attach);
    }

    [Fact]
    public async Task Telemetry_beyond_the_limit_is_rejected_over_AMQP_once_it_cannot_be_held_back()
    {
        await using var host = await StartAsync(ThrottleClass.DeviceToCloudSends, 2);
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        var first = await device.SendAsync(2, MessageBytes.Of("0"));
        await device.SendAsync(2, MessageBytes.Of("1"));
        await Eventually.TrueAsync(() => host.Log.Stored.Count == 2);
        await device.ExpectAcceptedAsync(first, first + 1);

        Assert.Equal(Condition, await device.ExpectRejectedAsync(await device.SendAsync(2, MessageBytes.Of("2"))));
        Assert.Equal(RefusalReason.Throttled, Assert.Single(host.Refusals).Reason);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await device.SendAsync(2, MessageBytes.Of("3"));
        await Eventually.TrueAsync(() => host.Log.Stored.Count == 3);
    }

    [Theory]
    [InlineData(0, "rejected")]
    [InlineData(10, "held")]
    public async Task A_batch_is_held_back_or_refused_as_a_whole(int hold, string expected)
    {
        await using var host = await StartAsync(ThrottleClass.DeviceToCloudSends, 2, TimeSpan.FromSeconds(hold));
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        await device.SendAsync(2, MessageBytes.Of("0"));
        await Eventually.TrueAsync(() => host.Log.Stored.Count == 1);
        await device.ExpectDispositionAsync();

        var batch = await device.SendAsync(2, MessageBytes.Batch(MessageBytes.Of("1"), MessageBytes.Of("2")), BatchReader.MessageFormat);

        if (expected == "rejected")
        {
            Assert.Equal(Condition, await device.ExpectRejectedAsync(batch));
            Assert.Single(host.Log.Stored);
            return;
        }

        await Task.Delay(50, Token);
        Assert.Single(host.Log.Stored);
        for (var i = 0; i < 500 && host.Log.Stored.Count < 3; i++)
        {
            host.Time.Advance(TimeSpan.FromSeconds(0.5));
            await Task.Delay(20, Token);
        }

        await device.ExpectAcceptedAsync(batch, batch);
        Assert.Equal(3, host.Log.Stored.Count);
    }

    [Fact]
    public async Task A_large_batch_waits_for_its_own_rate_and_nobody_else_does()
    {
        await using var host = await StartAsync(ThrottleClass.DeviceToCloudSends, 16, TimeSpan.FromSeconds(10));
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        var other = await host.ConnectAsync("d2", await host.RegisterAsync("d2"));

        await other.SendAsync(DeviceDriver.Publish("devices/d2/messages/events/", "other", 1));
        await other.ExpectAsync(0x40, 2, 0, 1);

        var batch = await device.SendAsync(2, MessageBytes.Batch([.. Enumerable.Range(0, 80).Select(i => MessageBytes.Of($"{i}"))]), BatchReader.MessageFormat);
        await device.ExpectNothingAsync();
        for (byte id = 2; id <= 4; id++)
        {
            host.Time.Advance(TimeSpan.FromSeconds(1));
            await other.SendAsync(DeviceDriver.Publish("devices/d2/messages/events/", "other", id));
            await other.ExpectAsync(0x40, 2, 0, id);
        }

        Assert.Equal(4, host.Log.Stored.Count);
        for (var i = 0; i < 500 && host.Log.Stored.Count < 84; i++)
        {
            host.Time.Advance(TimeSpan.FromSeconds(0.25));
            await Task.Delay(20, Token);
        }

        await device.ExpectAcceptedAsync(batch, batch);
        Assert.Equal(84, host.Log.Stored.Count);
    }

    [Fact]
    public async Task A_batch_that_needs_longer_than_the_hold_is_refused_at_once_and_uses_nothing_up()
    {
        await using var host = await StartAsync(ThrottleClass.DeviceToCloudSends, 2, TimeSpan.FromSeconds(3));
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));

        var tooLarge = await device.SendAsync(2, MessageBytes.Batch([.. Enumerable.Range(0, 9).Select(i => MessageBytes.Of($"{i}"))]), BatchReader.MessageFormat);
        Assert.Equal(Condition, await device.ExpectRejectedAsync(tooLarge));

        var pair = await device.SendAsync(2, MessageBytes.Batch(MessageBytes.Of("a"), MessageBytes.Of("b")), BatchReader.MessageFormat);
        await device.ExpectAcceptedAsync(pair, pair);
        Assert.Equal(2, host.Log.Stored.Count);
    }

    [Theory]
    [InlineData(ThrottleClass.TwinReads, "$iothub/twin/GET/?$rid=1", "")]
    [InlineData(ThrottleClass.TwinWrites, "$iothub/twin/PATCH/properties/reported/?$rid=1", "{\"a\":1}")]
    public async Task Twin_requests_beyond_the_limit_are_answered_429_over_MQTT(ThrottleClass operations, string topic, string body)
    {
        await using var host = await StartAsync(operations, 1);
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));
        await device.SubscribeAsync("$iothub/twin/res/#");
        await device.SendAsync(DeviceDriver.Publish(topic, body, 0, 0));
        Assert.Matches(@"^\$iothub/twin/res/20[04]/\?\$rid=1", (await device.ReadPublishAsync()).Topic);

        await device.SendAsync(DeviceDriver.Publish(topic, body, 0, 0));

        var refused = await device.ReadPublishAsync();
        Assert.Equal("$iothub/twin/res/429/?$rid=1", refused.Topic);
        Assert.Contains("\"errorCode\":429001", refused.Body, StringComparison.Ordinal);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await device.SendAsync(DeviceDriver.Publish(topic, body, 0, 0));
        Assert.Matches(@"^\$iothub/twin/res/20[04]/\?\$rid=1", (await device.ReadPublishAsync()).Topic);
    }

    [Theory]
    [InlineData(ThrottleClass.TwinReads, "GET", null, " ", 200)]
    [InlineData(ThrottleClass.TwinWrites, "PATCH", "/properties/reported", "{\"a\":1}", 204)]
    public async Task Twin_requests_beyond_the_limit_are_answered_429_over_AMQP(ThrottleClass operations, string operation, string? resource, string body, int status)
    {
        await using var host = await StartAsync(operations, 1);
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        await device.AttachPairAsync(4, 5, "/devices/d1/twin");
        var request = new MessageBytes().Annotations(("operation", operation), ("resource", resource)).Properties(null, null, null, null, null, "1").Data(Encoding.UTF8.GetBytes(body)).ToArray();

        await device.SendAsync(4, request, settled: true);
        Assert.Equal(status, (await device.ReceiveAsync()).Status);
        await device.SendAsync(4, request, settled: true);
        var refused = await device.ReceiveAsync();
        Assert.Equal(429, refused.Status);
        Assert.Contains("\"errorCode\":429001", refused.Body, StringComparison.Ordinal);

        host.Time.Advance(TimeSpan.FromSeconds(1));
        await device.SendAsync(4, request, settled: true);
        Assert.Equal(status, (await device.ReceiveAsync()).Status);
    }

    [Fact]
    public async Task A_report_that_is_held_back_keeps_its_content_and_its_place()
    {
        await using var host = await StartAsync(ThrottleClass.TwinWrites, 1, TimeSpan.FromSeconds(10));
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));
        await device.SubscribeAsync("$iothub/twin/res/#");
        foreach (var id in new[] { "1", "2" })
        {
            await device.SendAsync(DeviceDriver.Publish($"$iothub/twin/PATCH/properties/reported/?$rid={id}", $$"""{"last":"{{id}}"}""", 0, 0));
        }

        await device.SendAsync(DeviceDriver.Publish("$iothub/twin/GET/?$rid=3", "", 0, 0));

        Assert.Equal("$iothub/twin/res/204/?$rid=1&$version=2", (await device.ReadPublishAsync()).Topic);
        await Task.Delay(50, Token);
        device.ExpectNothing();
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("$iothub/twin/res/204/?$rid=2&$version=3", (await device.ReadPublishAsync()).Topic);
        Assert.Equal("""{"desired":{"$version":1},"reported":{"last":"2","$version":3}}""", (await device.ReadPublishAsync()).Body);
    }

    [Theory]
    [InlineData(ThrottleClass.DeviceToCloudSends, "POST", "/devices/d1/messages/events?api-version=2021-04-12", "x", 204)]
    [InlineData(ThrottleClass.CloudToDeviceReceives, "GET", "/devices/d1/messages/devicebound?api-version=2021-04-12", null, 204)]
    [InlineData(ThrottleClass.FileUploads, "POST", "/devices/d1/files?api-version=2021-04-12", "{}", 400)]
    public async Task Requests_beyond_the_limit_are_answered_429_with_an_honest_time_over_HTTPS(ThrottleClass operations, string method, string path, string? body, int status)
    {
        await using var host = await StartAsync(operations, 1);
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        Assert.Equal(status, (await AskAsync()).Code);

        var refused = await AskAsync();

        refused.ExpectError(429, "ThrottlingException");
        Assert.Equal("1", refused.Header("Retry-After"));
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(status, (await AskAsync()).Code);
        Assert.Equal(1, host.Get<Throttles>().SharesCount);

        Task<HttpDoor.Answer> AskAsync() => door.AskAsync(method, path, token, body is null ? null : Encoding.UTF8.GetBytes(body), "application/json");
    }

    [Fact]
    public async Task A_session_that_is_held_back_for_long_is_not_taken_for_dead()
    {
        await using var host = await StartAsync(ThrottleClass.DeviceToCloudSends, 1);
        host.Log.IsOpen = true;
        var greedy = await host.ConnectAsync("d1", await host.RegisterAsync("d1"), keepAlive: 4);
        var messages = Enumerable.Range(1, 4).SelectMany(id => DeviceDriver.Publish("devices/d1/messages/events/", "x", (ushort)id)).ToArray();

        await greedy.SendAsync([.. messages, 0xc0, 0]);

        for (var i = 0; i < 40 && host.Log.Stored.Count < 4; i++)
        {
            host.Time.Advance(TimeSpan.FromSeconds(0.5));
            await Task.Delay(20, Token);
        }

        await greedy.ExpectAsync(0x40, 2, 0, 1, 0x40, 2, 0, 2, 0x40, 2, 0, 3, 0x40, 2, 0, 4, 0xd0, 0);
    }

    private static Task<GatewayHost> StartAsync(ThrottleClass operations, double perSecond, TimeSpan hold = default) => GatewayHost.StartAsync(throttling: new ThrottleOptions
    {
        Limits = new Dictionary<ThrottleClass, ThrottleRate?> { [operations] = new ThrottleRate(perSecond, TimeSpan.FromSeconds(1)) },
        Hold = hold,
    });
}
