using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Registry;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>Who may attach which link, and what ends it.</summary>
public sealed class DeviceLinkTests
{
    [Theory]
    [InlineData("/devices/d1/messages/events")]
    [InlineData("devices/d1/Messages/Events/")]
    [InlineData("amqps://localhost/devices/d1/messages/events")]
    [InlineData("amqps://localhost:5671/devices/d%31/messages/events")]
    public async Task A_device_sends_to_its_own_address_in_every_form(string address)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        var key = await host.RegisterAsync("d1");
        await using var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutTokenAsync("d1", key));

        Assert.Null(await device.AttachAsync(2, address));

        var id = await device.SendAsync(2, MessageBytes.Of("hello"));
        await device.ExpectAcceptedAsync(id, id);
        Assert.Equal("d1", new Stored(host.Log.Stored[0]).Fields[EventField.ConnectionDeviceId]);
    }

    [Fact]
    public async Task A_link_without_a_token_and_another_devices_link_are_refused()
    {
        await using var host = await GatewayHost.StartAsync();
        var key = await host.RegisterAsync("d1");
        await host.RegisterAsync("d10");
        await using var device = await AmqpDevice.OpenAsync(host);

        Assert.Equal(AmqpConditions.UnauthorizedAccess, (await device.AttachAsync(2, "/devices/d1/messages/events"))!.Condition);
        Assert.Equal(401, await device.PutTokenAsync("d10", key));
        Assert.Equal(200, await device.PutTokenAsync("d1", key));
        foreach (var (handle, other) in new[] { (3u, "d10"), (4u, "D1"), (5u, "d1/modules/m1"), (6u, "nobody") })
        {
            Assert.Equal(AmqpConditions.UnauthorizedAccess, (await device.AttachAsync(handle, $"/devices/{other}/messages/events"))!.Condition);
        }

        Assert.All(host.Refusals, refusal => Assert.Equal("mqtt", refusal.Protocol)); // the piped connection's name for itself
        Assert.Contains(host.Refusals, refusal => refusal is { Claimed: "d10", Reason: RefusalReason.TokenSignatureWrong });
        Assert.Null(await device.AttachAsync(7, "/devices/d1/messages/events"));
    }

    [Theory]
    [InlineData("a%41")]   // raw, as C and Node write it
    [InlineData("a%2541")] // encoded, as C# writes it
    public async Task An_id_that_looks_like_an_escape_is_read_both_ways(string segment)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        var key = await host.RegisterAsync("a%41");
        await host.RegisterAsync("aA");
        await using var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutTokenAsync("a%41", key));

        Assert.Null(await device.AttachAsync(2, $"/devices/{segment}/messages/events"));
        Assert.NotNull(await device.AttachAsync(3, "/devices/aA/messages/events"));

        var id = await device.SendAsync(2, MessageBytes.Of("x"));
        await device.ExpectAcceptedAsync(id, id);
        Assert.Equal("a%41", new Stored(host.Log.Stored[0]).Fields[EventField.ConnectionDeviceId]);
    }

    [Fact]
    public async Task What_the_hub_does_not_serve_is_told_to_those_it_knows()
    {
        await using var host = await GatewayHost.StartAsync();
        var key = await host.RegisterAsync("d1");
        await using var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutTokenAsync("d1", key));
        uint handle = 2;

        foreach (var address in new[] { "/devices/d1", "/devices/d1/messages", "/devices/d1/messages/events/x", "/devices/d1/messages/devicebound", "/devices/d1/methods", "/devices/d1/twin/x" })
        {
            Assert.Equal(AmqpConditions.NotFound, (await device.AttachAsync(handle++, address))!.Condition);
        }

        Assert.Equal(AmqpConditions.ArgumentError, (await device.AttachAsync(handle, "/devices/d%201/messages/events"))!.Condition);
        Assert.Equal(AmqpConditions.UnauthorizedAccess, (await device.AttachAsync(handle + 1, "/devices/other/twin"))!.Condition);
    }

    [Fact]
    public async Task A_policys_token_carries_many_devices_and_each_message_its_own_name()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await host.RegisterAsync("d1");
        await host.RegisterAsync("d2");
        var policy = (await host.Get<SharedAccessPolicies>().FindAsync(host.Hub, "device", TestContext.Current.CancellationToken)).Value;
        await using var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutAsync("localhost", System.Text.Encoding.ASCII.GetString(host.TokenOf("localhost", policy.PrimaryKey, "device"))));
        Assert.Null(await device.AttachAsync(2, "/devices/d1/messages/events"));
        Assert.Null(await device.AttachAsync(3, "/devices/d2/messages/events"));

        await device.SendAsync(2, MessageBytes.Of("one"));
        await device.SendAsync(3, MessageBytes.Of("two"));
        await Eventually.TrueAsync(() => host.Log.Stored.Count == 2);

        var stored = host.Log.Stored.Select(record => new Stored(record)).ToList();
        Assert.Equal([("d1", "one"), ("d2", "two")], stored.Select(each => (each.Fields[EventField.ConnectionDeviceId], each.Text)));
        Assert.Contains("\"scope\":\"hub\"", stored[0].Fields[EventField.ConnectionAuthMethod], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disabling_a_device_detaches_its_links_and_leaves_the_others()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        var key = await host.RegisterAsync("d1");
        var other = await host.RegisterAsync("d2");
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", key);
        Assert.Equal(200, await device.PutTokenAsync("d2", other));
        Assert.Null(await device.AttachAsync(3, "/devices/d2/messages/events"));

        await host.RegisterAsync("d1", "disabled", IfMatch.Any, key);

        var detach = await device.ExpectDetachAsync();
        Assert.Equal((2u, true, AmqpConditions.UnauthorizedAccess), (detach.Handle, detach.IsClosed, detach.Error!.Condition));
        var id = await device.SendAsync(3, MessageBytes.Of("still here"));
        await device.ExpectAcceptedAsync(id, id);
        await device.DetachAsync(2);
        Assert.Equal(AmqpConditions.UnauthorizedAccess, (await device.AttachAsync(2, "/devices/d1/messages/events"))!.Condition);
    }

    [Fact]
    public async Task A_device_is_connected_while_it_has_a_link_or_a_session()
    {
        await using var host = await GatewayHost.StartAsync();
        var key = await host.RegisterAsync("d1");
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", key);
        Assert.True(await IsConnectedAsync(host));
        Assert.Null(await device.AttachAsync(3, "/devices/d1/messages/events"));
        var mqtt = await host.ConnectAsync("d1", key);

        await device.DetachAsync(2);
        await device.ExpectDetachAsync();
        await device.DetachAsync(3);
        await device.ExpectDetachAsync();
        Assert.True(await IsConnectedAsync(host));
        await mqtt.SendAsync([0xe0, 0]);
        await mqtt.Ended;
        await Eventually.TrueAsync(() => !IsConnectedAsync(host).Result);

        // The other way round: the session ends, the link stays.
        Assert.Null(await device.AttachAsync(2, "/devices/d1/messages/events"));
        var again = await host.ConnectAsync("d1", key);
        var newer = await host.ConnectAsync("d1", key);
        await again.Ended;
        await newer.SendAsync([0xe0, 0]);
        await newer.Ended;
        Assert.True(await IsConnectedAsync(host));
        await device.DetachAsync(2);
        await device.ExpectDetachAsync();
        Assert.False(await IsConnectedAsync(host));
    }

    private static async Task<bool> IsConnectedAsync(GatewayHost host)
    {
        var identity = new IdentityKey(DeviceId.Parse("d1"));
        return (await host.Get<IdentityRegistry>().GetAsync(host.Hub, identity, TestContext.Current.CancellationToken)).Value.Connection.IsConnected;
    }
}
