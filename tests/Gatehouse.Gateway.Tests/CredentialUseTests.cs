using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Tests.Amqp;
using Gatehouse.Gateway.Tests.Http;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>Every door tells which credential let somebody in, and who stands on it now; a refused login is no use.</summary>
public sealed class CredentialUseTests : IAsyncLifetime
{
    private GatewayHost host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await GatewayHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Mqtt_tells_the_key_and_the_SDK_and_a_refused_login_is_no_use()
    {
        var keys = await RegisterAsync("d1");
        await RefusedAsync("d1", Convert.ToBase64String(new byte[32]));
        Assert.Empty(await UsesAsync("d1"));

        var device = host.Open();
        await device.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", keys.SecondaryKey!), userName: "localhost/d1/?api-version=2021-04-12&DeviceClientType=sdk%2F7"));
        await device.ExpectAsync(0x20, 2, 0, 0);

        var use = Assert.Single(await UsesAsync("d1"));
        Assert.Equal(("secondaryKey", "mqtt", "sdk/7", host.Time.GetUtcNow()), (use.Credential, use.Protocol, use.Software, use.LastUsed));
        Assert.Equal((1, 0), (await LiveAsync("secondaryKey"), await LiveAsync("primaryKey")));
        await device.SendAsync([0xe0, 0]);
        await device.Ended;
        Assert.Equal(0, await LiveAsync("secondaryKey"));
    }

    [Fact]
    public async Task A_session_that_outlives_a_swap_of_its_keys_stands_on_the_other_slot()
    {
        var keys = await RegisterAsync("d1");
        await host.ConnectAsync("d1", keys.PrimaryKey!);
        Assert.Equal(1, await LiveAsync("primaryKey"));

        Assert.True((await host.Get<KeyRegeneration>().RunAsync(host.Hub, "test", RegeneratedKey.Swap, [new IdentityKey(DeviceId.Parse("d1"))], Token)).IsOk);

        await Eventually.TrueAsync(async () => await LiveAsync("secondaryKey") == 1 && (await UsesAsync("d1")) is [{ Credential: "secondaryKey" }]);
        Assert.Equal(0, await LiveAsync("primaryKey"));
    }

    [Fact]
    public async Task Certificates_tell_their_thumbprint_or_their_CA_with_what_came_beside_them()
    {
        using var made = new PlantCertificates(host);
        await PlantCertificates.TrustAsync(host, "root", made.Root);
        var (leaf, alone) = (made.Leaf("d1"), made.SelfSigned("d2"));
        await RegisterAsync("d1", new AuthenticationInput { Type = "certificateAuthority" });
        await RegisterAsync("d2", new AuthenticationInput { Type = "selfSigned", PrimaryThumbprint = new string('0', 64), SecondaryThumbprint = alone.Leaf.GetCertHashString(HashAlgorithmName.SHA256) });

        foreach (var (device, certificate) in new[] { ("d1", leaf), ("d2", alone) })
        {
            var driver = host.Open(certificate: certificate);
            await driver.SendAsync(DeviceDriver.Connect(device, []));
            await driver.ExpectAsync(0x20, 2, 0, 0);
        }

        var use = Assert.Single(await UsesAsync("d1"));
        Assert.Equal($"authority/{made.Root.GetCertHashString(HashAlgorithmName.SHA256)}", use.Credential);
        Assert.Equal([made.Between.GetCertHashString(HashAlgorithmName.SHA256)], use.Shown);
        Assert.Equal("secondaryThumbprint", Assert.Single(await UsesAsync("d2")).Credential);
        Assert.Equal((1, 1, 1), (await LiveAsync(use.Credential), await LiveAsync($"certificate/{use.Shown[0]}"), await LiveAsync("secondaryThumbprint")));
    }

    [Fact]
    public async Task Amqp_tells_the_token_with_each_renewal_and_the_SDK_with_its_links()
    {
        var keys = await RegisterAsync("d1");
        await using var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutTokenAsync("d1", keys.PrimaryKey!));
        var properties = new AmqpMap();
        properties.AddSymbol("com.microsoft:client-version", "sdk/8");
        Assert.Null(await device.AttachAsync(2, "/devices/d1/messages/events", properties: properties));
        var first = Assert.Single(await UsesAsync("d1"));
        Assert.Equal(("primaryKey", "sdk/8"), (first.Credential, first.Software));

        host.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(200, await device.PutTokenAsync("d1", keys.SecondaryKey!));

        var uses = await UsesAsync("d1");
        Assert.Equal([("secondaryKey", host.Time.GetUtcNow()), ("primaryKey", first.LastUsed)], uses.Select(each => (each.Credential, each.LastUsed)));
        Assert.Equal((1, 0), (await LiveAsync("secondaryKey"), await LiveAsync("primaryKey")));
    }

    [Fact]
    public async Task A_gateways_policy_is_used_by_each_device_that_it_acts_for()
    {
        await RegisterAsync("d1");
        await RegisterAsync("d2");
        var policy = (await host.Get<SharedAccessPolicies>().ListAsync(host.Hub, Token)).Single(each => each.Name == "device");
        await using var gateway = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await gateway.PutAsync("localhost", Encoding.ASCII.GetString(host.TokenOf("localhost", policy.PrimaryKey, "device"))));
        Assert.Null(await gateway.AttachAsync(2, "/devices/d1/messages/events"));
        Assert.Null(await gateway.AttachAsync(3, "/devices/d2/messages/events"));

        var users = await host.Get<CredentialUsage>().FindAsync(host.Hub, CredentialSelector.Parse("policy/device/primaryKey").Value, DateTimeOffset.MinValue, default, 10, Token);
        Assert.Equal([null, "d1", "d2"], users.Uses.Select(each => each.Identity?.ToString()));
        Assert.Equal(3, await LiveAsync("policy/device"));
    }

    [Fact]
    public async Task Https_tells_the_key_and_the_user_agent()
    {
        var keys = await RegisterAsync("d1");
        await using var door = await HttpDoor.OpenAsync(host);
        await door.AskAsync("GET", "/devices/d1/messages/devicebound?api-version=2021-04-12", Encoding.ASCII.GetString(host.TokenOf("localhost/devices/d1", keys.SecondaryKey!)), headers: ("User-Agent", "sdk/9"));

        var use = Assert.Single(await UsesAsync("d1"));
        Assert.Equal(("secondaryKey", "https", "sdk/9"), (use.Credential, use.Protocol, use.Software));
    }

    private async Task<RegisteredIdentity> RegisterAsync(string device, AuthenticationInput? authentication = null)
    {
        var made = await host.Get<IdentityRegistry>().PutAsync(host.Hub, "test", new IdentityInput { Key = new IdentityKey(DeviceId.Parse(device)), Authentication = authentication }, IfMatch.Absent, Token);
        return made.Value;
    }

    private async Task RefusedAsync(string device, string key)
    {
        var driver = host.Open();
        await driver.SendAsync(DeviceDriver.Connect(device, host.TokenOf($"localhost/devices/{device}", key)));
        await driver.ExpectAsync(0x20, 2, 0, 5);
        await driver.Ended;
    }

    private Task<IReadOnlyList<CredentialUse>> UsesAsync(string device) => host.Get<CredentialUsage>().OfAsync(host.Hub, new IdentityKey(DeviceId.Parse(device)), Token);

    private async Task<int> LiveAsync(string credential) => (await host.Get<CredentialUsage>().CountLiveAsync(host.Hub, CredentialSelector.Parse(credential).Value, Token)).All;
}
