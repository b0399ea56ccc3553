using System.Text;
using Gatehouse.Gateway.Tests.Amqp;
using Gatehouse.Gateway.Tests.Http;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>Faults that a device orders for itself, over each protocol; and that they are ordinary properties while the switch is off.</summary>
public sealed class FaultInjectionTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("KillTcp")]
    [InlineData("ShutDownMqtt")]
    public async Task A_session_over_MQTT_is_cut_after_the_delay_and_comes_back(string type)
    {
        await using var host = await StartAsync();
        var key = await host.RegisterAsync("d1");
        var device = await host.ConnectAsync("d1", key);

        await device.SendAsync(DeviceDriver.Publish(Topic(type), "", 1));
        await device.ExpectAsync(0x40, 2, 0, 1);
        await Task.Delay(50, Token);
        device.ExpectNothing();
        Assert.False(device.Connection.Aborted.IsCompleted);

        // The delay may begin after the message was acknowledged.
        await Eventually.TrueAsync(() =>
        {
            host.Time.Advance(Delay);
            return device.Connection.Aborted.IsCompleted;
        });
        await device.ExpectAbortAsync(type);

        Assert.Empty(host.Log.Stored);
        var again = await host.ConnectAsync("d1", key);
        await again.SendAsync(DeviceDriver.Publish("devices/d1/messages/events/", "x", 2));
        await again.ExpectAsync(0x40, 2, 0, 2);
    }

    [Fact]
    public async Task Throttling_over_MQTT_holds_messages_back_for_the_duration()
    {
        await using var host = await StartAsync();
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));
        await device.SendAsync(DeviceDriver.Publish(Topic("InvokeThrottling", delay: 0), "", 1));
        await device.ExpectAsync(0x40, 2, 0, 1);

        await device.SendAsync(DeviceDriver.Publish("devices/d1/messages/events/", "x", 2));
        await Task.Delay(50, Token);
        Assert.Empty(host.Log.Stored);
        host.Time.Advance(TimeSpan.FromSeconds(6));
        await device.ExpectAsync(0x40, 2, 0, 2);
    }

    [Theory]
    [InlineData("InvokeMaxMessageQuota", "IotHubQuotaExceeded")]
    [InlineData("InvokeAuthError", "IotHubUnauthorized")]
    public async Task Other_refusals_end_a_session_over_MQTT(string type, string reason)
    {
        await using var host = await StartAsync();
        var key = await host.RegisterAsync("d1");
        var device = await host.ConnectAsync("d1", key);
        await device.SendAsync([.. DeviceDriver.Publish(Topic(type, delay: 0), "", 1), .. DeviceDriver.Publish("devices/d1/messages/events/", "x", 2)]);

        await device.ExpectAbortAsync(reason);
        host.Time.Advance(TimeSpan.FromSeconds(6));
        var again = await host.ConnectAsync("d1", key);
        await again.SendAsync(DeviceDriver.Publish("devices/d1/messages/events/", "x", 3));
        await again.ExpectAsync(0x40, 2, 0, 3);
    }

    [Fact]
    public async Task KillTcp_over_AMQP_cuts_the_connection_without_a_word()
    {
        await using var host = await StartAsync();
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));

        await OrderAsync(host, device, "KillTcp");

        Assert.Contains("KillTcp", await device.Connection.Aborted.WaitAsync(TimeSpan.FromSeconds(60), Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("KillAmqpConnection", "amqp:connection:forced")]
    [InlineData("ShutDownAmqp", null)]
    public async Task The_connection_is_closed_with_an_error_or_without(string type, string? condition)
    {
        await using var host = await StartAsync();
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));

        await OrderAsync(host, device, type);

        Assert.True(Close.TryRead(await device.ExpectAsync(Descriptors.Close), out var close, out _));
        Assert.Equal((condition, condition is null ? null : "boom"), (close.Error?.Condition, close.Error?.Description));
    }

    [Fact]
    public async Task KillAmqpSession_ends_the_session_and_another_can_begin()
    {
        await using var host = await StartAsync();
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));

        await OrderAsync(host, device, "KillAmqpSession");

        Assert.True(End.TryRead(await device.ExpectAsync(Descriptors.End), out var end, out _));
        Assert.Equal(("amqp:link:detach-forced", "boom"), (end.Error?.Condition, end.Error?.Description));
    }

    [Theory]
    [InlineData("KillAmqpCBSLinkReq", 0u)]
    [InlineData("KillAmqpCBSLinkResp", 1u)]
    [InlineData("KillAmqpD2CLink", 2u)]
    [InlineData("KillAmqpC2DLink", 3u)]
    [InlineData("KillAmqpTwinLinkReq", 4u)]
    [InlineData("KillAmqpTwinLinkResp", 5u)]
    [InlineData("KillAmqpMethodReqLink", 6u)]
    [InlineData("KillAmqpMethodRespLink", 7u)]
    public async Task A_link_is_detached_and_the_others_stay(string type, uint handle)
    {
        await using var host = await StartAsync();
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        Assert.Equal(200, await device.PutTokenAsync("d2", await host.RegisterAsync("d2")));
        Assert.Null(await device.AttachAsync(9, "/devices/d2/messages/events"));
        if (handle > 2)
        {
            var node = handle switch { 3 => "messages/devicebound", 4 or 5 => "twin", _ => "methods/devicebound" };
            var properties = new AmqpMap();
            properties.AddSymbol("com.microsoft:channel-correlation-id", "c-1");
            Assert.Null(await device.AttachAsync(handle, $"/devices/d1/{node}", isReceiver: handle is 3 or 5 or 6, properties));
        }

        await OrderAsync(host, device, type);

        var detach = await device.ExpectDetachAsync();
        Assert.Equal((handle, "amqp:link:detach-forced"), (detach.Handle, detach.Error?.Condition));
        await device.ExpectNothingAsync();
        await device.SendAsync(9, MessageBytes.Of("of d2"));
        await Eventually.TrueAsync(() => host.Log.Stored.Count == 1);
    }

    [Theory]
    [InlineData("InvokeThrottling", "com.microsoft:device-container-throttled")]
    [InlineData("InvokeMaxMessageQuota", "amqp:resource-limit-exceeded")]
    [InlineData("InvokeAuthError", "amqp:unauthorized-access")]
    public async Task Messages_over_AMQP_are_rejected_after_the_delay_for_the_duration(string type, string condition)
    {
        await using var host = await StartAsync();
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        await OrderAsync(host, device, type, advance: false);
        var before = await device.SendAsync(2, MessageBytes.Of("before"));
        await device.ExpectAcceptedAsync(before, before);

        host.Time.Advance(Delay);
        Assert.Equal(condition, await device.ExpectRejectedAsync(await device.SendAsync(2, MessageBytes.Of("in it"))));

        host.Time.Advance(TimeSpan.FromSeconds(5));
        var after = await device.SendAsync(2, MessageBytes.Of("after"));
        await device.ExpectAcceptedAsync(after, after);
        Assert.Equal(["before", "after"], host.Log.Stored.Select(record => new Stored(record).Text));
    }

    [Fact]
    public async Task A_fault_is_ordered_on_the_outer_message_of_a_batch()
    {
        await using var host = await StartAsync();
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));

        var batch = new MessageBytes().Application(Properties("KillTcp", 2)).Data(MessageBytes.Of("x")).ToArray();
        var id = await device.SendAsync(2, batch, BatchReader.MessageFormat);

        await device.ExpectAcceptedAsync(id, id);
        host.Time.Advance(Delay);
        await device.Connection.Aborted.WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    [Theory]
    [InlineData("InvokeThrottling", 429, "ThrottlingException")]
    [InlineData("InvokeMaxMessageQuota", 403, "IotHubQuotaExceeded")]
    [InlineData("InvokeAuthError", 401, "IotHubUnauthorized")]
    public async Task Over_HTTPS_the_request_itself_is_refused_and_those_of_the_duration(string type, int status, string error)
    {
        await using var host = await StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");

        (await door.SendAsync(token, "", Headers(type))).ExpectError(status, error);
        (await door.SendAsync(token)).ExpectError(status, error);
        host.Time.Advance(TimeSpan.FromSeconds(6));
        (await door.SendAsync(token)).ExpectDone();
    }

    [Fact]
    public async Task KillTcp_over_HTTPS_cuts_the_request()
    {
        await using var host = await StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");

        await Assert.ThrowsAsync<HttpRequestException>(() => door.SendAsync(token, "", Headers("KillTcp")));

        (await door.SendAsync(token)).ExpectDone();
    }

    [Fact]
    public async Task With_the_switch_off_the_properties_are_like_any_other()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));

        await device.SendAsync(DeviceDriver.Publish(Topic("KillTcp"), "x", 1));

        await device.ExpectAsync(0x40, 2, 0, 1);
        Assert.Single(host.Log.Stored);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        await ExpectAliveAsync(device);
    }

    [Fact]
    public async Task A_fault_that_is_not_known_is_a_property_like_any_other()
    {
        await using var host = await StartAsync();
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));

        await device.SendAsync(DeviceDriver.Publish(Topic("Unknown"), "x", 1));

        await device.ExpectAsync(0x40, 2, 0, 1);
        Assert.Single(host.Log.Stored);
        host.Time.Advance(TimeSpan.FromMinutes(20));
        await ExpectAliveAsync(device);
    }

    // What is out of bounds is as if it were not said.
    [Theory]
    [InlineData("NaN", 1)]
    [InlineData("-1", 1)]
    [InlineData("1e9", 1)]
    [InlineData("600.1", 1)]
    [InlineData("600", 600)]
    [InlineData("0.5", 0.5)]
    public async Task A_fault_comes_after_its_delay_of_ten_minutes_at_most(string delay, double seconds)
    {
        await using var host = await StartAsync();
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));

        await device.SendAsync(DeviceDriver.Publish($"devices/d1/messages/events/AzIoTHub_FaultOperationType=KillTcp&AzIoTHub_FaultOperationDelayInSecs={delay}", "x", 1));

        await device.ExpectAsync(0x40, 2, 0, 1);
        Assert.Empty(host.Log.Stored);
        host.Time.Advance(TimeSpan.FromSeconds(seconds - 0.1));
        await ExpectAliveAsync(device);
        host.Time.Advance(TimeSpan.FromSeconds(0.1));
        await device.ExpectAbortAsync("KillTcp");
    }

    [Theory]
    [InlineData(8, true)]
    [InlineData(9, false)]
    public async Task As_many_faults_wait_as_may_and_one_more_is_not_carried_out(int orders, bool isCutByTheLast)
    {
        await using var host = await StartAsync();
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));
        for (var id = 1; id <= orders; id++)
        {
            await device.SendAsync(DeviceDriver.Publish(Topic("KillTcp", delay: id == orders ? 1 : 300), "", (ushort)id));
            await device.ExpectAsync(0x40, 2, 0, (byte)id);
        }

        host.Time.Advance(TimeSpan.FromSeconds(1));
        if (!isCutByTheLast)
        {
            await ExpectAliveAsync(device);
            host.Time.Advance(TimeSpan.FromSeconds(299));
        }

        await device.ExpectAbortAsync("KillTcp");
    }

    private static async Task<GatewayHost> StartAsync()
    {
        var host = await GatewayHost.StartAsync(options: new GatewayOptions { FaultInjection = true });
        host.Log.IsOpen = true;
        return host;
    }

    private static async Task ExpectAliveAsync(DeviceDriver device)
    {
        await device.SendAsync([0xc0, 0]);
        await device.ExpectAsync(0xd0, 0);
        Assert.False(device.Connection.Aborted.IsCompleted);
    }

    private static async Task OrderAsync(GatewayHost host, AmqpDevice device, string type, bool advance = true)
    {
        var order = await device.SendAsync(2, new MessageBytes().Application(Properties(type, 2)).Data(Encoding.UTF8.GetBytes("x")).ToArray());
        await device.ExpectAcceptedAsync(order, order);
        if (advance)
        {
            host.Time.Advance(Delay);
        }
    }

    private static string Topic(string type, int delay = 2) =>
        $"devices/d1/messages/events/AzIoTHub_FaultOperationType={type}&AzIoTHub_FaultOperationCloseReason=boom&AzIoTHub_FaultOperationDelayInSecs={delay}&AzIoTHub_FaultOperationDurationInSecs=5";

    private static (string Key, object? Value)[] Properties(string type, object delay) =>
        [("AzIoTHub_FaultOperationType", type), ("AzIoTHub_FaultOperationCloseReason", "boom"), ("AzIoTHub_FaultOperationDelayInSecs", delay), ("AzIoTHub_FaultOperationDurationInSecs", "5")];

    private static (string Name, string Value)[] Headers(string type) =>
        [.. Properties(type, "2").Select(pair => ($"iothub-app-{pair.Key}", (string)pair.Value!))];
}
