using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Tests.Amqp;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Registry;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>The device door's rows of the permission table: who may connect and send on a device's behalf, and that one device never reaches another.</summary>
public sealed class DevicePermissionTests
{
    public static TheoryData<string> Policies => new(BuiltInPolicies.All.Select(policy => policy.Key));

    private static (string Address, bool IsReceiver)[] Nodes =>
    [
        ("messages/events", false), ("messages/devicebound", true), ("methods/devicebound", false), ("methods/devicebound", true), ("twin", false), ("twin", true),
    ];

    [Fact]
    public void The_device_door_has_these_rows() =>
        Assert.Equal(
            [
                "ConnectDevice", "SendTelemetry", "ReceiveCloudToDeviceMessage", "ReceiveMethodCall", "ReadOwnTwin", "UpdateReportedProperties", "ObserveDesiredProperties",
                "InitializeFileUpload", "NotifyFileUpload", "IssueCertificate",
            ],
            Operations.All.Where(row => row.Plane == Plane.Device).Select(row => row.Name));

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Only_a_policy_with_DeviceConnect_connects_for_a_device(string policy)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await host.RegisterAsync("d1");
        var found = await host.Get<SharedAccessPolicies>().FindAsync(HubName.Parse("gatehouse"), policy, TestContext.Current.CancellationToken);
        var device = host.Open();

        await device.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", found.Value.PrimaryKey, policy)));

        if (policy is "iothubowner" or "device")
        {
            await device.ExpectAsync(0x20, 2, 0, 0);
            await device.SendAsync(DeviceDriver.Publish("devices/d1/messages/events/", "x", 1));
            await device.ExpectAsync(0x40, 2, 0, 1);
        }
        else
        {
            await device.ExpectAsync(0x20, 2, 0, 5);
            await device.Ended;
            Assert.Equal(RefusalReason.PolicyLacksRight, Assert.Single(host.Refusals).Reason);
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Only_a_policy_with_DeviceConnect_opens_the_links_of_a_device(string policy)
    {
        await using var host = await GatewayHost.StartAsync();
        await host.RegisterAsync("d1");
        var found = await host.Get<SharedAccessPolicies>().FindAsync(HubName.Parse("gatehouse"), policy, TestContext.Current.CancellationToken);
        await using var peer = await AmqpDevice.OpenAsync(host);
        await peer.PutAsync("localhost", System.Text.Encoding.ASCII.GetString(host.TokenOf("localhost", found.Value.PrimaryKey, policy)));
        uint handle = 2;

        foreach (var (address, isReceiver) in Nodes)
        {
            var refused = await peer.AttachAsync(handle++, $"/devices/d1/{address}", isReceiver);

            Assert.Equal(policy is "iothubowner" or "device" ? null : AmqpConditions.UnauthorizedAccess, refused?.Condition);
        }
    }

    [Fact]
    public async Task A_device_reaches_no_node_of_another_device_or_of_a_module()
    {
        await using var host = await GatewayHost.StartAsync();
        var key = await host.RegisterAsync("d1");
        await host.RegisterAsync("d2");
        var module = new IdentityInput { Key = new IdentityKey(DeviceId.Parse("d1"), ModuleId.Parse("m1")) };
        Assert.True((await host.Get<IdentityRegistry>().PutAsync(host.Hub, "policy:iothubowner", module, IfMatch.Absent, TestContext.Current.CancellationToken)).IsOk);
        await using var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutTokenAsync("d1", key));
        uint handle = 2;

        foreach (var (address, isReceiver) in Nodes)
        {
            foreach (var other in new[] { "d2", "D1", "d1/modules/m1", "none" })
            {
                Assert.Equal(AmqpConditions.UnauthorizedAccess, (await device.AttachAsync(handle++, $"/devices/{other}/{address}", isReceiver))!.Condition);
            }

            Assert.Null(await device.AttachAsync(handle++, $"/devices/d1/{address}", isReceiver));
        }
    }

    [Theory]
    [InlineData("no token")]
    [InlineData("garbage")]
    [InlineData("another device's token")]
    [InlineData("another device's key")]
    [InlineData("an expired token")]
    [InlineData("an unknown policy")]
    [InlineData("an unknown device")]
    [InlineData("a disabled device")]
    public async Task Every_refused_proof_gets_the_same_answer(string what)
    {
        await using var host = await GatewayHost.StartAsync();
        var key = await host.RegisterAsync("d1");
        var other = await host.RegisterAsync("d2");
        var disabled = await host.RegisterAsync("off", "disabled");
        var (id, proof) = what switch
        {
            "no token" => ("d1", []),
            "garbage" => ("d1", new byte[] { 1, 2, 3 }),
            "another device's token" => ("d1", host.TokenOf("localhost/devices/d2", other)),
            "another device's key" => ("d1", host.TokenOf("localhost/devices/d1", other)),
            "an expired token" => ("d1", host.TokenOf("localhost/devices/d1", key, life: TimeSpan.FromDays(-1))),
            "an unknown policy" => ("d1", host.TokenOf("localhost/devices/d1", key, "nobody")),
            "an unknown device" => ("d3", host.TokenOf("localhost/devices/d3", key)),
            _ => ("off", host.TokenOf("localhost/devices/off", disabled)),
        };
        var device = host.Open();

        await device.SendAsync(DeviceDriver.Connect(id, proof));

        await device.ExpectAsync(0x20, 2, 0, 5);
        await device.Ended;
        Assert.False(device.Connection.IsAuthenticated);
        var refusal = Assert.Single(host.Refusals);
        Assert.Equal(id, refusal.Claimed);
        Assert.DoesNotContain(key, refusal.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("devices/d2/messages/events/")]
    [InlineData("devices/d1x/messages/events/")]
    [InlineData("devices/D1/messages/events/")]
    [InlineData("devices/d1/modules/m/messages/events/")]
    [InlineData("devices/d1/messages/devicebound/")]
    [InlineData("$iothub/twin/GET/")]
    [InlineData("$iothub/twin/GET/?$rid=")]
    [InlineData("$iothub/twin/PATCH/properties/desired/?$rid=1")]
    [InlineData("$iothub/methods/res/x/?$rid=1")]
    [InlineData("$iothub/methods/POST/m/?$rid=1")]
    public async Task A_device_sends_only_to_its_own_topic(string topic)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await host.RegisterAsync("d2");
        var device = await host.ConnectAsync("d1", await host.RegisterAsync("d1"));

        await device.SendAsync(DeviceDriver.Publish(topic, "x", 1));

        await device.ExpectAbortAsync("not its own or not supported");
        Assert.Empty(host.Log.Stored);
    }
}
