using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;
using Xunit;

namespace Gatehouse.Gateway.Tests.Mqtt;

/// <summary>The twin as a device sees it over MQTT, byte by byte.</summary>
public sealed class TwinTopicTests : IAsyncLifetime
{
    private const string Responses = "$iothub/twin/res/#";
    private const string Desired = "$iothub/twin/PATCH/properties/desired/#";
    private const string Report = "$iothub/twin/PATCH/properties/reported/";
    private static readonly byte[] PingRequest = [0xc0, 0];

    private GatewayHost host = null!;
    private string key = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        key = await host.RegisterAsync("d1");
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("", 0)]
    [InlineData(" ", 0)]
    [InlineData(" ", 1)]
    public async Task Get_answers_both_sections_without_metadata_and_repeats_the_id(string body, byte qos)
    {
        var device = await ConnectAsync();

        await device.SendAsync(DeviceDriver.Publish("$iothub/twin/GET/?$rid=a-1%20", body, 3, qos));
        if (qos == 1)
        {
            await device.ExpectAsync(0x40, 2, 0, 3);
        }

        var answer = await device.ReadPublishAsync();
        Assert.Equal(("$iothub/twin/res/200/?$rid=a-1%20", """{"desired":{"$version":1},"reported":{"$version":1}}"""), (answer.Topic, answer.Body));
    }

    [Fact]
    public async Task A_reported_patch_is_answered_with_its_version_and_a_get_after_it_sees_it()
    {
        var device = await ConnectAsync();

        await device.SendAsync([
            .. DeviceDriver.Publish(Report + "?$rid=1", """{"a":1}""", 0, 0),
            .. DeviceDriver.Publish(Report + "?$rid=2&$version=2", """{"b":{"c":null,"d":2}}""", 0, 0),
            .. DeviceDriver.Publish("$iothub/twin/GET/?$rid=3", "", 0, 0)]);

        Assert.Equal(new DeviceDriver.Published("$iothub/twin/res/204/?$rid=1&$version=2", "", 0), await device.ReadPublishAsync());
        Assert.Equal(new DeviceDriver.Published("$iothub/twin/res/204/?$rid=2&$version=3", "", 0), await device.ReadPublishAsync());
        Assert.Equal("""{"desired":{"$version":1},"reported":{"a":1,"b":{"d":2},"$version":3}}""", (await device.ReadPublishAsync()).Body);
    }

    [Theory]
    [InlineData("{", "", 400)]
    [InlineData("", "", 400)]
    [InlineData("[1]", "", 400)]
    [InlineData("""{"$a":1}""", "", 400)]
    [InlineData("""{"a":1}""", "&$version=77", 412)]
    public async Task A_bad_patch_is_answered_with_a_code_in_the_body_and_the_session_goes_on(string patch, string more, int status)
    {
        var device = await ConnectAsync();

        await device.SendAsync(DeviceDriver.Publish($"{Report}?$rid=9{more}", patch, 0, 0));

        var answer = await device.ReadPublishAsync();
        Assert.Equal($"$iothub/twin/res/{status}/?$rid=9", answer.Topic);
        using var json = JsonDocument.Parse(answer.Body);
        Assert.Equal(status, json.RootElement.GetProperty("errorCode").GetInt32() / 1000);
        Assert.Equal(["errorCode", "trackingId", "message", "timestampUtc"], json.RootElement.EnumerateObject().Select(member => member.Name));
        await device.SendAsync(PingRequest);
        await device.ExpectAsync(0xd0, 0);
    }

    [Fact]
    public async Task A_patch_past_the_limit_is_413_and_one_at_any_depth_past_ten_400()
    {
        var device = await ConnectAsync();
        var large = string.Join(',', Enumerable.Range(0, 9).Select(i => $"\"k{i}\":\"{new string('x', 4000)}\""));

        await device.SendAsync(DeviceDriver.Publish(Report + "?$rid=1", $"{{{large}}}", 0, 0));
        Assert.Equal("$iothub/twin/res/413/?$rid=1", (await device.ReadPublishAsync()).Topic);
        await device.SendAsync(DeviceDriver.Publish(Report + "?$rid=2", string.Concat(Enumerable.Repeat("{\"a\":", 500)) + "1" + new string('}', 500), 0, 0));
        Assert.Equal("$iothub/twin/res/400/?$rid=2", (await device.ReadPublishAsync()).Topic);
    }

    [Fact]
    public async Task Without_the_subscription_the_patch_is_done_and_no_answer_is_sent()
    {
        var device = await host.ConnectAsync("d1", key);

        await device.SendAsync([.. DeviceDriver.Publish(Report + "?$rid=1", """{"a":1}""", 0, 0), .. PingRequest]);
        await device.ExpectAsync(0xd0, 0);
        var reader = await host.ConnectAsync("d1", key);
        await reader.SubscribeAsync(Responses);
        for (var text = ""; !text.Contains("\"a\":1", StringComparison.Ordinal); text = (await reader.ReadPublishAsync()).Body)
        {
            await reader.SendAsync(DeviceDriver.Publish("$iothub/twin/GET/?$rid=2", "", 0, 0));
        }
    }

    [Fact]
    public async Task More_requests_than_may_be_under_way_are_answered_all_the_same_and_in_order()
    {
        var device = await ConnectAsync();

        await device.SendAsync([.. Enumerable.Range(0, 100).SelectMany(i => DeviceDriver.Publish($"{Report}?$rid={i}", $$"""{"n":{{i}}}""", 0, 0))]);

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal($"$iothub/twin/res/204/?$rid={i}&$version={i + 2}", (await device.ReadPublishAsync()).Topic);
        }
    }

    [Fact]
    public async Task No_more_requests_are_taken_than_may_be_under_way()
    {
        await host.DisposeAsync();
        host = await GatewayHost.StartAsync(options: new GatewayOptions { MaxTwinRequests = 2 });
        key = await host.RegisterAsync("d1");
        var device = await ConnectAsync();
        var held = new TaskCompletionSource();
        var holding = new TaskCompletionSource();
        var hold = host.Get<Database>().WriteAsync<bool>(
            async (_, _) =>
            {
                holding.SetResult();
                await held.Task;
                return HubErrors.InvalidOperation;
            },
            Token);
        await holding.Task;

        await device.SendAsync([.. Enumerable.Range(1, 5).SelectMany(i => DeviceDriver.Publish($"{Report}?$rid={i}", $$"""{"n":{{i}}}""", (ushort)i))]);

        // A PUBACK tells that a request was taken.
        await device.ExpectAsync(0x40, 2, 0, 1, 0x40, 2, 0, 2);
        await Task.Delay(100, Token);
        device.ExpectNothing();
        held.SetResult();
        await hold;
        Assert.Equal("$iothub/twin/res/204/?$rid=1&$version=2", (await device.ReadPublishAsync()).Topic);
    }

    [Fact]
    public async Task Desired_changes_arrive_in_order_while_subscribed_and_after_a_reconnect_without_subscribing()
    {
        var device = await host.ConnectAsync("d1", key, cleanSession: false);
        await device.SubscribeAsync(Desired, 1);
        await UpdateAsync("""{"properties":{"desired":{"a":1}}}""");
        await UpdateAsync("""{"properties":{"desired":{"a":null,"b":2}}}""");

        Assert.Equal(new DeviceDriver.Published("$iothub/twin/PATCH/properties/desired/?$version=2", """{"a":1,"$version":2}""", 0), await device.ReadPublishAsync());
        Assert.Equal(new DeviceDriver.Published("$iothub/twin/PATCH/properties/desired/?$version=3", """{"a":null,"b":2,"$version":3}""", 0), await device.ReadPublishAsync());
        await device.SendAsync([0xe0, 0]);
        await device.Ended;
        await UpdateAsync("""{"properties":{"desired":{"c":3}}}""");

        var again = host.Open();
        await again.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key), cleanSession: false));
        await again.ExpectAsync(0x20, 2, 1, 0);
        await again.SendAsync(PingRequest);
        await again.ExpectAsync(0xd0, 0);
        await UpdateAsync("""{"properties":{"desired":{"c":4}}}""");
        Assert.Equal("$iothub/twin/PATCH/properties/desired/?$version=5", (await again.ReadPublishAsync()).Topic);
    }

    [Fact]
    public async Task One_device_sees_nothing_of_anothers_twin()
    {
        var device = await ConnectAsync();
        await device.SubscribeAsync(Desired);
        await host.RegisterAsync("d2");

        await UpdateAsync("""{"properties":{"desired":{"secret":1}}}""", "d2");
        await device.SendAsync(DeviceDriver.Publish("$iothub/twin/GET/?$rid=1", "", 0, 0));

        var answer = await device.ReadPublishAsync();
        Assert.Equal("$iothub/twin/res/200/?$rid=1", answer.Topic);
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_model_id_of_the_user_name_is_kept_in_the_twin()
    {
        var device = host.Open();
        await device.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key), userName: "localhost/d1/?api-version=2021-04-12&model-id=dtmi:com:example;1"));
        await device.ExpectAsync(0x20, 2, 0, 0);
        await device.SendAsync(PingRequest);
        await device.ExpectAsync(0xd0, 0);

        var twin = await host.Get<Twins>().GetAsync(host.Hub, new IdentityKey(DeviceId.Parse("d1")), Token);
        Assert.Equal("dtmi:com:example;1", twin.Value.ModelId);
    }

    private async Task<DeviceDriver> ConnectAsync()
    {
        var device = await host.ConnectAsync("d1", key);
        await device.SubscribeAsync(Responses);
        return device;
    }

    private async Task UpdateAsync(string patch, string device = "d1")
    {
        var updated = await host.Get<Twins>().UpdateAsync(
            host.Hub, "policy:service", new IdentityKey(DeviceId.Parse(device)), TwinUpdate.Patch(Encoding.UTF8.GetBytes(patch)).Value, IfMatch.Absent, Token);
        Assert.True(updated.IsOk, updated.Error?.Message);
    }
}
