using System.Text;
using Gatehouse.Gateway.Tests;
using Gatehouse.Provisioning.Limits;
using Gatehouse.Transport;
using Gatehouse.Wire.Amqp;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Limits of rate: off until they are asked for, the same at every door, and fair between devices.</summary>
public sealed class RateLimitTests
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;

    [Fact]
    public async Task Nothing_is_limited_by_default_and_the_service_s_own_limits_can_be_asked_for()
    {
        Assert.Equal(new LimitOptions(), new ProvisioningOptions().Limits);
        Assert.Equal((1_000, 1_000, 5), (LimitOptions.OfTheService.RegistrationsPerMinute, LimitOptions.OfTheService.CallsPerMinute, LimitOptions.OfTheService.PollsPerTenSeconds));

        await using var host = await ProvisioningHost.StartAsync();
        var key = await KeyAsync(host, "dev-1");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key)).Text("status"));
        }
    }

    [Fact]
    public async Task Registrations_beyond_the_limit_are_told_when_to_come_again_over_HTTPS_MQTT_and_AMQP()
    {
        await using var host = await StartAsync(new LimitOptions { RegistrationsPerMinute = 2 });
        var group = (await host.EnrollAsync("g1", Keys, isGroup: true))["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();
        Assert.Equal(202, (await BeginAsync(host, group, "dev-1")).Code);
        Assert.Equal(202, (await BeginAsync(host, group, "dev-2")).Code);

        var refused = await BeginAsync(host, group, "dev-3");
        Assert.Equal((429, "429001", "30"), (refused.Code, refused.Text("errorCode"), refused.Headers["Retry-After"]));
        Assert.Equal("$dps/registrations/res/429/?$rid=1&retry-after=30", (await OverMqttAsync(host, "dev-4", ProvisioningHost.Derive(group, "dev-4"), "PUT/iotdps-register/?$rid=1")).Topic);
        await using var amqp = await OverAmqpAsync(host, "dev-5", ProvisioningHost.Derive(group, "dev-5"));
        var (_, error) = await amqp.AskAsync("iotdps-register", body: "{}"u8.ToArray());
        Assert.Equal("com.microsoft:device-container-throttled", error!.Condition);
        Assert.True(error.Info!.TryGetInteger("Retry-After", out var capital) & error.Info.TryGetInteger("retry-after", out var small));
        Assert.Equal((30, 30), (capital, small));

        // Who is refused takes nothing, and after the time that was named it is let in.
        host.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(202, (await BeginAsync(host, group, "dev-3")).Code);
        Assert.Equal(429, (await BeginAsync(host, group, "dev-4")).Code);
    }

    [Fact]
    public async Task Who_proves_nothing_takes_nothing_from_a_limit()
    {
        await using var host = await StartAsync(new LimitOptions { RegistrationsPerMinute = 1, PollsPerTenSeconds = 1, CallsPerMinute = 2 });
        var key = await KeyAsync(host, "dev-1");
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(401, (await host.RegisterAsync("dev-1", Convert.ToBase64String(new byte[32]))).Code);
            Assert.Equal(401, (await host.SendAsync("GET", "/enrollments/dev-1?api-version=2021-10-01", "SharedAccessSignature sr=localhost&sig=x&se=9999999999&skn=provisioningserviceowner")).Code);
        }

        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key)).Text("status"));
        Assert.Equal(200, (await host.AskAsync("GET", "/enrollments/dev-1")).Code);
    }

    [Fact]
    public async Task A_device_that_registers_again_and_again_keeps_nobody_out()
    {
        await using var host = await StartAsync(new LimitOptions { RegistrationsPerMinute = 10 });
        var group = (await host.EnrollAsync("g1", Keys, isGroup: true))["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();
        var codes = new List<int>();
        for (var i = 0; i < 20; i++)
        {
            codes.Add((await BeginAsync(host, group, "greedy")).Code);
        }

        Assert.Equal(5, codes.Count(code => code == 202));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(202, (await BeginAsync(host, group, $"dev-{i}")).Code);
        }

        Assert.Equal(429, (await BeginAsync(host, group, "dev-5")).Code);
    }

    [Fact]
    public async Task A_device_polls_so_often_in_ten_seconds_over_every_door_and_another_is_not_touched()
    {
        await using var host = await StartAsync(new LimitOptions { PollsPerTenSeconds = 2 });
        var (first, second) = (await KeyAsync(host, "dev-1"), await KeyAsync(host, "dev-2"));
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", first)).Text("status"));
        Assert.Equal("assigned", (await host.RegisterAsync("dev-2", second)).Text("status"));
        Assert.Equal("$dps/registrations/res/200/?$rid=1", (await OverMqttAsync(host, "dev-1", first, "POST/iotdps-get-registration/?$rid=1")).Topic);

        Assert.Equal("$dps/registrations/res/429/?$rid=1&retry-after=5", (await OverMqttAsync(host, "dev-1", first, "POST/iotdps-get-registration/?$rid=1")).Topic);
        await using var amqp = await OverAmqpAsync(host, "dev-1", first);
        Assert.Equal("com.microsoft:device-container-throttled", (await amqp.AskAsync("iotdps-get-registration")).Error!.Condition);
        var refused = await LookAsync(host, "dev-1", first);
        Assert.Equal((429, "5"), (refused.Code, refused.Headers["Retry-After"]));
        Assert.Equal(200, (await LookAsync(host, "dev-2", second)).Code);

        host.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(200, (await LookAsync(host, "DEV-1", first)).Code);
        Assert.Equal(429, (await LookAsync(host, "dev-1", first)).Code);
    }

    [Fact]
    public async Task Calls_of_the_service_API_beyond_the_limit_are_told_when_to_come_again()
    {
        await using var host = await StartAsync(new LimitOptions { CallsPerMinute = 2 });
        Assert.Equal(404, (await host.AskAsync("GET", "/enrollments/none")).Code);
        Assert.Equal(404, (await host.AskAsync("GET", "/enrollments/none")).Code);

        var refused = await host.AskAsync("GET", "/enrollments/none");
        Assert.Equal((429, "429001", "30"), (refused.Code, refused.Text("errorCode"), refused.Headers["Retry-After"]));
        host.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(404, (await host.AskAsync("GET", "/enrollments/none")).Code);
    }

    [Fact]
    public void What_is_remembered_of_devices_goes_after_two_periods_at_most()
    {
        var time = new FakeTimeProvider();
        var recent = new Recent<int>(TimeSpan.FromSeconds(10), time);
        recent.Set("a", 1);
        time.Advance(TimeSpan.FromSeconds(10));
        recent.Set("b", 2);
        Assert.True(recent.TryGet("a", out var one) && one == 1);
        recent.Set("a", 3);
        Assert.Equal(2, recent.Count);

        time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(recent.TryGet("a", out var three) && three == 3);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(recent.TryGet("a", out _));
        Assert.Equal(0, recent.Count);
    }

    private static Task<ProvisioningHost> StartAsync(LimitOptions limits) => ProvisioningHost.StartAsync(options: new ProvisioningOptions { Limits = limits });

    private static async Task<string> KeyAsync(ProvisioningHost host, string id) => (await host.EnrollAsync(id, Keys))["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();

    private static Task<ProvisioningHost.Answer> BeginAsync(ProvisioningHost host, string group, string id) =>
        host.SendAsync("PUT", $"/{host.Instance.IdScope}/registrations/{id}/register?api-version=2019-03-31", host.DeviceToken(id, ProvisioningHost.Derive(group, id)), "{}");

    private static Task<ProvisioningHost.Answer> LookAsync(ProvisioningHost host, string id, string key) =>
        host.SendAsync("POST", $"/{host.Instance.IdScope}/registrations/{id}?api-version=2019-03-31", host.DeviceToken(id, key), "{}");

    private static async Task<(string Topic, string Body)> OverMqttAsync(ProvisioningHost host, string id, string key, string topic)
    {
        var connection = new PipedConnection();
        var device = new DeviceDriver(connection, host.Get<IServiceProvider>().WithRegistrations(new NoHub()).RunAsync(connection));
        await device.SendAsync(DeviceDriver.Connect(id, Encoding.UTF8.GetBytes(host.DeviceToken(id, key)), userName: $"{host.Instance.IdScope}/registrations/{id}/api-version=2019-03-31"));
        await device.ExpectAsync(0x20, 2, 0, 0);
        await device.SubscribeAsync("$dps/registrations/res/#");
        await device.SendAsync(DeviceDriver.Publish($"$dps/registrations/{topic}", "{}", 0, 0));
        var reply = await device.ReadPublishAsync();
        await device.SendAsync([0xe0, 0]);
        return (reply.Topic, reply.Body);
    }

    private static async Task<AmqpRegistrant> OverAmqpAsync(ProvisioningHost host, string id, string key)
    {
        var device = new AmqpRegistrant(host);
        Assert.Equal(SaslCode.Ok, await device.PlainAsync($"{host.Instance.IdScope}/registrations/{id}", host.DeviceToken(id, key)));
        await device.OpenAsync();
        Assert.Null(await device.AttachAsync($"{host.Instance.IdScope}/registrations/{id}"));
        return device;
    }

    private sealed class NoHub : IConnectionHandler
    {
        public Task RunAsync(ClientConnection connection) => throw new InvalidOperationException("It registers.");
    }
}
