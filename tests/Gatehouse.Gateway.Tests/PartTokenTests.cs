using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Tests.Amqp;
using Gatehouse.Gateway.Tests.Http;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>Where a hub takes tokens of devices' own keys only, one that is made for a part of a device opens that part at every door, and nothing beside it.</summary>
public sealed class PartTokenTests : IAsyncLifetime
{
    private static readonly string[] Parts = ["messages/events", "messages/devicebound", "methods", "twin", "files"];

    private GatewayHost host = null!;
    private string key = "";

    public static TheoryData<string> AllParts => new(Parts.AsEnumerable());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        key = await host.RegisterAsync("d1");
        await SetAsync("own");
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [MemberData(nameof(AllParts))]
    public async Task Over_MQTT_a_session_sends_hears_and_asks_what_its_token_is_for(string part)
    {
        (string Part, byte[] Packet)[] wishes =
        [
            ("messages/events", DeviceDriver.Publish("devices/d1/messages/events/", "x", 0, qos: 0)),
            ("messages/devicebound", DeviceDriver.Subscribe(1, ("devices/d1/messages/devicebound/#", 0))),
            ("methods", DeviceDriver.Subscribe(1, ("$iothub/methods/POST/#", 0))),
            ("methods", DeviceDriver.Publish("$iothub/methods/res/200/?$rid=1", "{}", 0, qos: 0)),
            ("twin", DeviceDriver.Subscribe(1, ("$iothub/twin/res/#", 0))),
            ("twin", DeviceDriver.Subscribe(1, ("$iothub/twin/PATCH/properties/desired/#", 0))),
            ("twin", DeviceDriver.Publish("$iothub/twin/GET/?$rid=1", "", 0, qos: 0)),
            ("twin", DeviceDriver.Publish("$iothub/twin/PATCH/properties/reported/?$rid=1", "{}", 0, qos: 0)),
            ("", DeviceDriver.Subscribe(1, ("$iothub/credentials/res/#", 0))),
        ];
        foreach (var (wanted, packet) in wishes)
        {
            var device = await ConnectAsync(part);
            await device.SendAsync(packet);
            if (wanted != part)
            {
                await device.ExpectAbortAsync("its token is made for another part of the device");
                continue;
            }

            if (packet[0] == 0x82)
            {
                await device.ExpectAsync(0x90, 3, 0, 1, 0);
            }

            await device.SendAsync([0xc0, 0]);
            await device.ExpectAsync(0xd0, 0);
        }
    }

    [Fact]
    public async Task What_was_subscribed_by_a_whole_token_is_not_heard_by_a_part_and_waits_for_the_next_whole_one()
    {
        var first = host.Open();
        await first.SendAsync(DeviceDriver.Connect("d1", Whole(), cleanSession: false));
        await first.ExpectAsync(0x20, 2, 0, 0);
        await first.SubscribeAsync("devices/d1/messages/devicebound/#");
        await first.SendAsync([0xe0, 0]);
        await first.Ended;
        var part = host.Open();
        await part.SendAsync(DeviceDriver.Connect("d1", Of("messages/events"), cleanSession: false));
        await part.ExpectAsync(0x20, 2, 1, 0);
        Assert.True((await host.Get<CloudToDeviceMessages>().SendAsync(host.Hub, DeviceId.Parse("d1"), new CloudMessage { Body = "hello"u8.ToArray() }, Token)).IsOk);
        await part.SendAsync([0xc0, 0]);
        await part.ExpectAsync(0xd0, 0);
        await part.SendAsync([0xe0, 0]);
        await part.Ended;

        var last = host.Open();
        await last.SendAsync(DeviceDriver.Connect("d1", Whole(), cleanSession: false));
        await last.ExpectAsync(0x20, 2, 1, 0);
        Assert.Equal("hello", (await last.ReadPublishAsync()).Body);
    }

    [Fact]
    public async Task A_will_is_telemetry()
    {
        byte[] will = [.. DeviceDriver.Text("devices/d1/messages/events/"), .. DeviceDriver.Text("gone")];
        var refused = host.Open();
        await refused.SendAsync(DeviceDriver.Connect("d1", Of("twin"), will: will, willFlags: 0x04));
        await refused.ExpectAsync(0x20, 2, 0, 5);
        Assert.Equal(RefusalReason.TokenScopeWrong, host.Refusals[^1].Reason);

        var taken = host.Open();
        await taken.SendAsync(DeviceDriver.Connect("d1", Of("messages/events"), will: will, willFlags: 0x04));
        await taken.ExpectAsync(0x20, 2, 0, 0);
    }

    [Theory]
    [MemberData(nameof(AllParts))]
    public async Task Over_AMQP_the_links_of_the_part_are_opened(string part)
    {
        (string Part, string Address, bool IsReceiver)[] nodes =
        [
            ("messages/events", "messages/events", false), ("messages/devicebound", "messages/devicebound", true),
            ("methods", "methods/devicebound", false), ("methods", "methods/devicebound", true), ("twin", "twin", false), ("twin", "twin", true),
        ];
        await using var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutAsync("localhost/devices/d1", Encoding.ASCII.GetString(Of(part))));
        uint handle = 2;
        foreach (var (wanted, address, isReceiver) in nodes)
        {
            var refused = await device.AttachAsync(handle++, $"/devices/d1/{address}", isReceiver);

            Assert.Equal(wanted == part ? null : AmqpConditions.UnauthorizedAccess, refused?.Condition);
        }

        Assert.Equal([RefusalReason.TokenScopeWrong], host.Refusals.Select(each => each.Reason).Distinct());
    }

    [Theory]
    [MemberData(nameof(AllParts))]
    public async Task Over_HTTPS_the_requests_of_the_part_are_answered(string part)
    {
        await using var door = await HttpDoor.OpenAsync(host);
        var token = Encoding.ASCII.GetString(Of(part));

        Assert.Equal(part == "messages/events" ? 204 : 401, (await door.SendAsync(token)).Code);
        Assert.Equal(part == "messages/devicebound" ? 204 : 401, (await door.AskAsync("GET", "/devices/d1/messages/devicebound?api-version=2021-04-12", token)).Code);
        Assert.Equal(part == "files" ? 200 : 401, (await door.AskAsync("POST", "/devices/d1/files?api-version=2021-04-12", token, """{"blobName":"x"}"""u8.ToArray())).Code);
        Assert.Equal([RefusalReason.TokenScopeWrong], host.Refusals.Select(each => each.Reason).Distinct());
    }

    [Fact]
    public async Task A_session_for_a_part_and_one_by_a_policy_end_when_the_hub_takes_the_other_kind()
    {
        var part = await ConnectAsync("twin");
        await SetAsync("any");
        await part.ExpectAbortAsync("its right to be connected has ended");
        var policy = await host.Get<SharedAccessPolicies>().FindAsync(host.Hub, "device", Token);
        var byPolicy = host.Open();
        await byPolicy.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", policy.Value.PrimaryKey, "device")));
        await byPolicy.ExpectAsync(0x20, 2, 0, 0);

        await SetAsync("own");

        await byPolicy.ExpectAbortAsync("its right to be connected has ended");
        Assert.Equal(RefusalReason.TokenTooWide, host.Refusals[^1].Reason);
    }

    private byte[] Whole() => host.TokenOf("localhost/devices/d1", key);

    private byte[] Of(string part) => host.TokenOf($"localhost/devices/d1/{part}", key);

    private async Task<DeviceDriver> ConnectAsync(string part)
    {
        var device = host.Open();
        await device.SendAsync(DeviceDriver.Connect("d1", Of(part)));
        await device.ExpectAsync(0x20, 2, 0, 0);
        return device;
    }

    private async Task SetAsync(string tokens)
    {
        var caller = new Principal { Hub = host.Hub, PolicyName = "iothubowner", Rights = Rights.Owner, Method = AuthenticationMethod.PolicyKey, Credential = "primaryKey", ExpiresAt = host.Time.GetUtcNow().AddMinutes(10) };
        var done = await host.Get<StrictModeRules>().ChangeAsync(caller, new StrictnessChange { DeviceTokens = tokens }, IfMatch.Absent, isForced: true, "policy:iothubowner", Token);
        Assert.True(done.IsOk, done.Error?.Message);
    }
}
