using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Gateway.Tests;
using Gatehouse.Transport;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Registration over MQTT, packet by packet: acknowledgements before replies, errors as replies, and the hub's devices go on to the hub untouched.</summary>
public sealed class MqttRegistrationTests
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"fleet" """;
    private const string Filter = "$dps/registrations/res/#";

    [Fact]
    public async Task A_device_subscribes_registers_and_polls()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var device = await ConnectedAsync(host, "dev-1");
        await device.SubscribeAsync(Filter, 1);

        await device.SendAsync(DeviceDriver.Publish("$dps/registrations/PUT/iotdps-register/?$rid=7", "", 5));
        await device.ExpectAsync(0x40, 2, 0, 5);
        var first = await device.ReadPublishAsync();
        var operation = JsonNode.Parse(first.Body)!["operationId"]!.GetValue<string>();
        Assert.Equal(("$dps/registrations/res/202/?$rid=7&retry-after=2", 1), (first.Topic, first.PacketId));
        await device.AcknowledgeAsync(1);

        await device.SendAsync(DeviceDriver.Publish($"$dps/registrations/GET/iotdps-get-operationstatus/?$rid=8-a&operationId={operation}", " ", 6));
        await device.ExpectAsync(0x40, 2, 0, 6);
        var second = await device.ReadPublishAsync();
        Assert.Equal(("$dps/registrations/res/200/?$rid=8-a", 2), (second.Topic, second.PacketId));
        Assert.Equal(("assigned", "dev-1"), (JsonNode.Parse(second.Body)!["status"]!.GetValue<string>(), JsonNode.Parse(second.Body)!["registrationState"]!["deviceId"]!.GetValue<string>()));
        Assert.NotNull(await host.DeviceAsync("dev-1"));
        Assert.True(device.Connection.IsAuthenticated);
        Assert.Equal(TimeSpan.FromSeconds(90), device.Connection.IdleTimeout);

        await device.SendAsync([0xc0, 0]);
        await device.ExpectAsync(0xd0, 0);
        await device.SendAsync([0xe0, 0]);
        await device.Ended;
    }

    [Fact]
    public async Task Errors_of_a_request_are_replies()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var device = await ConnectedAsync(host, "dev-1");
        await device.SubscribeAsync(Filter);

        foreach (var (topic, body, status, code) in new[]
        {
            ("GET/iotdps-get-operationstatus/?$rid=1&operationId=4.0.0", "", 404, 404202),
            ("POST/iotdps-get-registration/?$rid=1", "", 404, 404202),
            ("PUT/iotdps-register/?$rid=1", "{", 400, 400004),
            ("PUT/iotdps-register/?$rid=1", """{"registrationId":"dev-2"}""", 400, 400004),
            ("PUT/iotdps-register/?$rid=1", new string(' ', (96 * 1024) + 1), 413, 413000),
        })
        {
            await device.SendAsync(DeviceDriver.Publish($"$dps/registrations/{topic}", body, 0, 0));
            var reply = await device.ReadPublishAsync();
            Assert.Equal($"$dps/registrations/res/{status}/?$rid=1", reply.Topic);
            Assert.Equal(code, JsonNode.Parse(reply.Body)!["errorCode"]!.GetValue<int>());
        }
    }

    [Theory]
    [InlineData("$dps/registrations/PUT/iotdps-register/?$rid=$1")]
    [InlineData("$dps/registrations/PUT/iotdps-register/")]
    [InlineData("$dps/registrations/DELETE/iotdps-register/?$rid=1")]
    [InlineData("devices/dev-1/messages/events/")]
    public async Task A_wrong_topic_ends_the_connection(string topic)
    {
        await using var host = await ProvisioningHost.StartAsync();
        var device = await ConnectedAsync(host, "dev-1");
        await device.SubscribeAsync(Filter, 1);

        await device.SendAsync(DeviceDriver.Publish(topic, "", 5));

        await device.Ended;
        device.ExpectNothing();
    }

    [Fact]
    public async Task Nothing_is_asked_before_the_subscription_and_no_other_one_is_granted()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var device = await ConnectedAsync(host, "dev-1");
        await device.SendAsync(DeviceDriver.Subscribe(3, ("#", 0), ("$iothub/twin/res/#", 0)));
        await device.ExpectAsync(0x90, 4, 0, 3, 0x80, 0x80);

        await device.SendAsync(DeviceDriver.Publish("$dps/registrations/PUT/iotdps-register/?$rid=1", "", 5));

        await device.Ended;
        device.ExpectNothing();
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_wrong_proof_is_refused_at_connect_and_a_blocked_device_at_its_next_request()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var stranger = Start(host, "dev-2", host.DeviceToken("dev-2", Convert.ToBase64String(new byte[32])));
        await stranger.ExpectAsync(0x20, 2, 0, 5);
        await stranger.Ended;

        var device = await ConnectedAsync(host, "dev-1");
        await device.SubscribeAsync(Filter);
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", $$"""{"provisioningStatus":"disabled",{{Keys}}}""", "*")).Code);
        await device.SendAsync(DeviceDriver.Publish("$dps/registrations/PUT/iotdps-register/?$rid=1", "", 0, 0));
        Assert.Equal("$dps/registrations/res/401/?$rid=1", (await device.ReadPublishAsync()).Topic);
        await device.Ended;
        Assert.Equal(2, host.Refusals.Count);
    }

    [Fact]
    public async Task A_device_that_says_nothing_does_not_hold_up_a_server_that_stops()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var device = await ConnectedAsync(host, "dev-1");
        await device.SubscribeAsync(Filter);

        await device.Connection.DrainAsync();

        await device.Ended;
        device.ExpectNothing();
    }

    [Fact]
    public async Task Devices_of_the_hub_go_on_with_all_their_bytes_however_these_arrive()
    {
        await using var host = await ProvisioningHost.StartAsync();
        var packet = DeviceDriver.Connect("d1", "/registrations/"u8.ToArray());
        var connection = new PipedConnection();
        var hub = new Recorder();
        var serving = host.Get<IServiceProvider>().WithRegistrations(hub).RunAsync(connection);

        foreach (var part in packet)
        {
            await connection.ToServer.WriteAsync(new[] { part }, TestContext.Current.CancellationToken);
        }

        await serving.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(packet, hub.Bytes);
    }

    [Fact]
    public async Task A_device_is_issued_its_own_certificate_and_none_of_another()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await CertificateIssuanceSuite.PolicyAsync(host);
        await host.EnrollAsync("dev-2", Issued);
        var device = await ConnectedAsync(host, "dev-1", Issued);
        await device.SubscribeAsync(Filter);

        foreach (var (name, expected) in new[] { ("dev-2", "res/400/?$rid=1"), ("dev-1", "res/202/?$rid=1&retry-after=2") })
        {
            await device.SendAsync(DeviceDriver.Publish("$dps/registrations/PUT/iotdps-register/?$rid=1", CertificateIssuanceSuite.Body(SigningRequests.Good(name)), 0, 0));
            Assert.Equal($"$dps/registrations/{expected}", (await device.ReadPublishAsync()).Topic);
        }

        await device.SendAsync(DeviceDriver.Publish("$dps/registrations/POST/iotdps-get-registration/?$rid=1", "", 0, 0));
        Assert.Equal(2, JsonNode.Parse((await device.ReadPublishAsync()).Body)!["issuedCertificateChain"]!.AsArray().Count);
        Assert.Equal(["dev-1"], (await CertificateIssuanceSuite.InventoryAsync(host)).Select(each => each!["registrationId"]!.GetValue<string>()));
    }

    private static async Task<DeviceDriver> ConnectedAsync(ProvisioningHost host, string id, string rest = Keys)
    {
        var key = (await host.EnrollAsync(id, rest))["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();
        var device = Start(host, id, host.DeviceToken(id, key));
        await device.ExpectAsync(0x20, 2, 0, 0);
        return device;
    }

    private static DeviceDriver Start(ProvisioningHost host, string id, string token)
    {
        var connection = new PipedConnection();
        var device = new DeviceDriver(connection, host.Get<IServiceProvider>().WithRegistrations(new Recorder()).RunAsync(connection));
        _ = device.SendAsync(DeviceDriver.Connect(id, Encoding.UTF8.GetBytes(token), userName: $"{host.Instance.IdScope}/registrations/{id}/api-version=2019-03-31&ClientVersion=x%2F1"));
        return device;
    }

    private sealed class Recorder : IConnectionHandler
    {
        internal byte[] Bytes { get; private set; } = [];

        public async Task RunAsync(ClientConnection connection)
        {
            var read = await connection.Input.ReadAsync();
            Bytes = System.Buffers.BuffersExtensions.ToArray(read.Buffer);
            connection.Input.AdvanceTo(read.Buffer.End);
        }
    }
}
