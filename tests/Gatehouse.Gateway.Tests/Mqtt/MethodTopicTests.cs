using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Methods;
using Xunit;

namespace Gatehouse.Gateway.Tests.Mqtt;

/// <summary>Direct methods as a device sees them over MQTT, byte by byte.</summary>
public sealed class MethodTopicTests : IAsyncLifetime
{
    private const string Filter = "$iothub/methods/POST/#";
    private static readonly byte[] PingRequest = [0xc0, 0];

    private GatewayHost host = null!;
    private string key = "";

    public async ValueTask InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        key = await host.RegisterAsync("d1");
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("""{"a":1}""", """{"a":1}""", 0)]
    [InlineData("", "null", 0)]
    [InlineData("1", "1", 1)]
    public async Task A_request_is_a_publish_of_QoS_0_that_ends_with_its_id_and_the_answer_comes_back(string payload, string sent, byte qos)
    {
        var device = await host.ConnectAsync("d1", key);
        await device.SubscribeAsync(Filter, qos);

        var call = CallAsync(payload: payload);
        var request = await device.ReadPublishAsync();
        Assert.Matches("^\\$iothub/methods/POST/reboot/\\?\\$rid=[0-9a-f-]{36}$", request.Topic);
        Assert.Equal((sent, (ushort)0), (request.Body, request.PacketId));
        await device.SendAsync(DeviceDriver.Publish($"$iothub/methods/res/-5/?$rid={IdOf(request)}", "[2]", 7, qos));
        if (qos == 1)
        {
            await device.ExpectAsync(0x40, 2, 0, 7);
        }

        var answer = (await call).Value;
        Assert.Equal((-5, "[2]"), (answer.Status, Encoding.UTF8.GetString(answer.Payload.Span)));
    }

    [Fact]
    public async Task A_device_that_has_not_subscribed_is_not_online_and_after_unsubscribing_again()
    {
        var device = await host.ConnectAsync("d1", key);
        Assert.Equal(HubErrors.DeviceNotOnline, (await CallAsync()).Error);

        await device.SubscribeAsync(Filter);
        await device.SendAsync(DeviceDriver.Frame(0xa2, DeviceDriver.Number(5), DeviceDriver.Text(Filter)));
        await device.ExpectAsync(0xb0, 2, 0, 5);

        Assert.Equal(HubErrors.DeviceNotOnline, (await CallAsync()).Error);
    }

    [Fact]
    public async Task A_kept_session_serves_methods_at_once_when_it_comes_back_without_subscribing()
    {
        var device = await host.ConnectAsync("d1", key, cleanSession: false);
        await device.SubscribeAsync(Filter, 1);
        await device.SendAsync([0xe0, 0]);
        await device.Ended;
        Assert.Equal(HubErrors.DeviceNotOnline, (await CallAsync()).Error);

        var again = host.Open();
        await again.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key), cleanSession: false));
        await again.ExpectAsync(0x20, 2, 1, 0);
        var call = CallAsync(connect: 30);
        await again.SendAsync(DeviceDriver.Publish($"$iothub/methods/res/200/?$rid={IdOf(await again.ReadPublishAsync())}", "", 0, 0));

        Assert.Equal(200, (await call).Value.Status);
    }

    [Fact]
    public async Task A_clean_session_forgets_what_was_kept()
    {
        var device = await host.ConnectAsync("d1", key, cleanSession: false);
        await device.SubscribeAsync(Filter);
        await device.SendAsync([0xe0, 0]);
        await device.Ended;

        var clean = await host.ConnectAsync("d1", key);

        Assert.Equal(HubErrors.DeviceNotOnline, (await CallAsync()).Error);
        await clean.SendAsync([0xe0, 0]);
        await clean.Ended;
        await host.ConnectAsync("d1", key, cleanSession: false); // session present is 0
    }

    [Fact]
    public async Task A_newer_connection_takes_the_methods_and_the_outstanding_call_fails_at_once()
    {
        var older = await host.ConnectAsync("d1", key);
        await older.SubscribeAsync(Filter);
        var lost = CallAsync();
        await older.ReadPublishAsync();

        var newer = await host.ConnectAsync("d1", key);
        Assert.Equal("GatewayTimeout", (await lost).Error!.Name);
        await newer.SubscribeAsync(Filter);
        var call = CallAsync();
        await newer.SendAsync(DeviceDriver.Publish($"$iothub/methods/res/200/?$rid={IdOf(await newer.ReadPublishAsync())}", "", 0, 0));

        Assert.Equal(200, (await call).Value.Status);
        await older.ExpectAbortAsync("newer connection");
    }

    [Fact]
    public async Task Another_device_cannot_answer_and_unknown_ids_are_ignored()
    {
        var device = await host.ConnectAsync("d1", key);
        await device.SubscribeAsync(Filter);
        var other = await host.ConnectAsync("d2", await host.RegisterAsync("d2"));
        await other.SubscribeAsync(Filter);
        var call = CallAsync();
        var id = IdOf(await device.ReadPublishAsync());

        await other.SendAsync([.. DeviceDriver.Publish($"$iothub/methods/res/1/?$rid={id}", "", 0, 0), .. DeviceDriver.Publish("$iothub/methods/res/1/?$rid=x", "", 0, 0), .. PingRequest]);
        await other.ExpectAsync(0xd0, 0);
        Assert.False(call.IsCompleted);
        await device.SendAsync(DeviceDriver.Publish($"$iothub/methods/res/2/?$rid={id}", "", 0, 0));

        Assert.Equal(2, (await call).Value.Status);
    }

    [Fact]
    public async Task A_device_that_does_not_read_gets_no_more_requests_than_its_room_and_keeps_its_session()
    {
        await host.DisposeAsync();
        host = await GatewayHost.StartAsync(options: new GatewayOptions { MaxUnreadBytes = 4096 });
        key = await host.RegisterAsync("d1");
        var device = host.Open(outputBytes: 512);
        await device.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key)));
        await device.ExpectAsync(0x20, 2, 0, 0);
        await device.SubscribeAsync(Filter);
        var payload = $"\"{new string('x', 1500)}\"";

        var calls = Enumerable.Range(0, 10).Select(_ => CallAsync(payload: payload)).ToList();
        var refused = await await Task.WhenAny(calls);

        Assert.Equal(HubErrors.DeviceMaximumInflightMethodExceeded.Code, refused.Error!.Code);
        Assert.False(device.Connection.Aborted.IsCompleted);
        await device.ReadPublishAsync();
    }

    private static string IdOf(DeviceDriver.Published request) => request.Topic[(request.Topic.LastIndexOf('=') + 1)..];

    private async Task<Result<MethodAnswer>> CallAsync(string payload = "", int connect = 0)
    {
        var call = new MethodCall("reboot", Encoding.UTF8.GetBytes(payload), TimeSpan.FromSeconds(connect), TimeSpan.FromSeconds(30));
        return await host.Get<DirectMethods>().InvokeAsync(host.Hub, new IdentityKey(DeviceId.Parse("d1")), call, TestContext.Current.CancellationToken);
    }
}
