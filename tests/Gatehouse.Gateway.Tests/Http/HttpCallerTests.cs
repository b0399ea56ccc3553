using System.Text;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Registry;
using Xunit;

namespace Gatehouse.Gateway.Tests.Http;

/// <summary>Who may ask for what over HTTPS: each request stands on its own proof, whatever its connection proved before.</summary>
public sealed class HttpCallerTests
{
    public static TheoryData<string> Policies => new(BuiltInPolicies.All.Select(policy => policy.Key));

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Only_a_policy_with_DeviceConnect_sends_for_a_device(string policy)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await host.RegisterAsync("d1");
        await using var door = await HttpDoor.OpenAsync(host);
        var found = await host.Get<SharedAccessPolicies>().FindAsync(HubName.Parse("gatehouse"), policy, TestContext.Current.CancellationToken);

        var answer = await door.SendAsync(Encoding.UTF8.GetString(host.TokenOf("localhost/devices/d1", found.Value.PrimaryKey, policy)));

        if (policy is "iothubowner" or "device")
        {
            answer.ExpectDone();
        }
        else
        {
            answer.ExpectError(401, "IotHubUnauthorizedAccess");
            Assert.Equal(RefusalReason.PolicyLacksRight, Assert.Single(host.Refusals).Reason);
            Assert.Empty(host.Log.Stored);
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
    public async Task Every_refused_proof_gets_the_same_answer_also_after_a_good_one(string what)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);
        var key = await host.RegisterAsync("d1");
        var other = await host.RegisterAsync("d2");
        var disabled = await host.RegisterAsync("off", "disabled");
        var (id, token) = what switch
        {
            "no token" => ("d1", null),
            "garbage" => ("d1", "Bearer x"),
            "another device's token" => ("d1", host.TokenOf("localhost/devices/d2", other)),
            "another device's key" => ("d1", host.TokenOf("localhost/devices/d1", other)),
            "an expired token" => ("d1", host.TokenOf("localhost/devices/d1", key, life: TimeSpan.FromDays(-1))),
            "an unknown policy" => ("d1", host.TokenOf("localhost/devices/d1", key, "nobody")),
            "an unknown device" => ("d3", host.TokenOf("localhost/devices/d3", key)),
            _ => ("off", (object?)host.TokenOf("localhost/devices/off", disabled)),
        };
        (await door.SendAsync(Encoding.UTF8.GetString(host.TokenOf("localhost/devices/d1", key)))).ExpectDone();

        var answer = await door.AskAsync("POST", $"/devices/{id}/messages/events", token as string ?? (token is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null), "x"u8.ToArray());

        answer.ExpectError(401, "IotHubUnauthorized");
        Assert.Contains("ErrorCode:IotHubUnauthorized;Unauthorized\"", answer.Text, StringComparison.Ordinal);
        var refusal = Assert.Single(host.Refusals);
        Assert.Equal((id, "https", "gatehouse"), (refusal.Claimed, refusal.Protocol, refusal.Hub));
        Assert.DoesNotContain(key, refusal.Detail, StringComparison.Ordinal);
        Assert.Single(host.Log.Stored);
    }

    [Fact]
    public async Task The_token_of_one_device_opens_no_other()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        await host.RegisterAsync("d2");
        (await door.SendAsync(token)).ExpectDone();

        (await door.AskAsync("POST", "/devices/d2/messages/events", token, [])).ExpectError(401, "IotHubUnauthorized");

        Assert.Single(host.Log.Stored);
    }

    [Fact]
    public async Task A_device_that_is_disabled_is_refused_on_the_connection_that_it_has()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);
        var key = await host.RegisterAsync("d1");
        var token = Encoding.UTF8.GetString(host.TokenOf("localhost/devices/d1", key));
        (await door.SendAsync(token)).ExpectDone();

        await host.RegisterAsync("d1", "disabled", IfMatch.Any, key);

        (await door.SendAsync(token)).ExpectError(401, "IotHubUnauthorized");
    }

    [Fact]
    public async Task A_token_that_ends_is_refused_on_the_connection_that_it_opened()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);
        var token = await host.TokenOfNewAsync("d1");
        (await door.SendAsync(token)).ExpectDone();

        host.Time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(299));
        (await door.SendAsync(token)).ExpectDone();
        host.Time.Advance(TimeSpan.FromSeconds(2));

        (await door.SendAsync(token)).ExpectError(401, "IotHubUnauthorized");
    }

    [Fact]
    public async Task An_id_that_cannot_be_one_is_no_device()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        (await door.AskAsync("POST", "/devices/a%20b/messages/events", await host.TokenOfNewAsync("d1"), [])).ExpectError(400, "ArgumentInvalid");
    }

    [Fact]
    public async Task An_unknown_host_name_is_no_hub()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        (await door.SendAsync(await host.TokenOfNewAsync("d1"), "x", ("Host", "elsewhere"))).ExpectError(401, "IotHubNotFound");
    }

    [Fact]
    public async Task Who_is_refused_again_and_again_is_put_off_also_with_a_good_proof()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        var key = await host.RegisterAsync("d1");
        var wrong = Encoding.UTF8.GetString(host.TokenOf("localhost/devices/d1", Convert.ToBase64String(new byte[32])));

        for (var i = 0; i < 200 && host.Refusals.All(refusal => refusal.Reason != RefusalReason.BackedOff); i++)
        {
            (await door.SendAsync(wrong)).ExpectError(401, "IotHubUnauthorized");
        }

        (await door.SendAsync(Encoding.UTF8.GetString(host.TokenOf("localhost/devices/d1", key)))).ExpectError(401, "IotHubUnauthorized");
        Assert.Equal(RefusalReason.BackedOff, host.Refusals[^1].Reason);
    }
}
