using System.Security.Cryptography;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.UseTracking;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>What the radar says before a change is what then happens: a staged fleet, the change itself, and every device tries again.</summary>
public sealed class RadarTests : IAsyncLifetime
{
    private readonly Dictionary<string, RegisteredIdentity> registered = [];
    private GatewayHost host = null!;
    private string? policyKey;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await GatewayHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("primaryKey", "only-primary went-back", "both", "never never/m")]
    [InlineData("secondaryKey", "", "moved-on", "never never/m")]
    [InlineData("policy/device/primaryKey", "by-policy", "", "never never/m")]
    [InlineData("policy/device", "by-policy", "", "never never/m")]
    public async Task Keys(string without, string fails, string otherWay, string unknown)
    {
        // Each device with the keys that it tries, in its order.
        Dictionary<string, string[]> fleet = new()
        {
            ["only-primary"] = [CredentialName.PrimaryKey],
            ["both"] = [CredentialName.PrimaryKey, CredentialName.SecondaryKey],
            ["moved-on"] = [CredentialName.SecondaryKey, CredentialName.PrimaryKey],
            ["went-back"] = [CredentialName.PrimaryKey],
            ["by-policy"] = ["device"],
        };
        foreach (var device in fleet.Keys.Append("off").Append("never").Append("never/m"))
        {
            await RegisterAsync(device);
        }

        // What was before: one that has used its other key, one that has moved off the key, one whose other key is another by now.
        Assert.True(await ConnectsAsync("both", CredentialName.SecondaryKey));
        Assert.True(await ConnectsAsync("moved-on", CredentialName.PrimaryKey));
        Assert.True(await ConnectsAsync("went-back", CredentialName.SecondaryKey));
        Assert.True(await ConnectsAsync("off", CredentialName.PrimaryKey));
        await RegenerateAsync(RegeneratedKey.Secondary, "went-back");
        Assert.True((await host.Get<IdentityRegistry>().PutAsync(host.Hub, "test", new IdentityInput { Key = new IdentityKey(DeviceId.Parse("off")), Status = "disabled" }, IfMatch.Any, Token)).IsOk);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        foreach (var (device, keys) in fleet)
        {
            Assert.True(await ConnectsAsync(device, keys[0]));
        }

        var page = await LookAsync(without);

        Assert.Equal((fails, otherWay, unknown), (Ids(page, RadarOutcome.Fails), Ids(page, RadarOutcome.OtherWay), Ids(page, RadarOutcome.Unknown)));
        var counts = page.Counts!;
        Assert.Equal((8L, 1L), (counts.Fails + counts.OtherWay + counts.Unknown + counts.Unaffected + counts.Disabled, counts.Disabled));

        await ReplaceAsync(without, fleet.Keys);
        var failed = new List<string>();
        foreach (var (device, keys) in fleet)
        {
            var isIn = false;
            foreach (var key in keys)
            {
                isIn = isIn || await ConnectsAsync(device, key);
            }

            if (!isIn)
            {
                failed.Add(device);
            }
        }

        Assert.Equal(fails.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), failed.Order());
    }

    [Theory]
    [InlineData("ca/root", "below-root", "")]
    [InlineData("ca/between", "sends-nothing", "sends-all")]
    [InlineData("primaryThumbprint", "alone", "")]
    public async Task Certificates(string without, string fails, string otherWay)
    {
        using var made = new PlantCertificates(host);
        await PlantCertificates.TrustAsync(host, "root", made.Root);
        await PlantCertificates.TrustAsync(host, "between", made.Between);
        var alone = made.SelfSigned("alone");
        Dictionary<string, PeerCertificate> fleet = new()
        {
            ["below-root"] = made.LeafOfRoot("below-root"),
            ["sends-all"] = made.Leaf("sends-all"),
            ["sends-nothing"] = new PeerCertificate(made.Leaf("sends-nothing").Leaf, []),
            ["alone"] = alone,
        };
        foreach (var device in fleet.Keys)
        {
            await RegisterAsync(device, device == "alone"
                ? new AuthenticationInput { Type = "selfSigned", PrimaryThumbprint = alone.Leaf.GetCertHashString(HashAlgorithmName.SHA256) }
                : new AuthenticationInput { Type = "certificateAuthority" });
            Assert.True(await ConnectsAsync(device, fleet[device]));
        }

        var page = await LookAsync(without);

        Assert.Equal((fails, otherWay, ""), (Ids(page, RadarOutcome.Fails), Ids(page, RadarOutcome.OtherWay), Ids(page, RadarOutcome.Unknown)));
        if (without.StartsWith("ca/", StringComparison.Ordinal))
        {
            Assert.True((await host.Get<CaCertificates>().DeleteAsync(host.Hub, without[3..], IfMatch.Any, "test", Token)).IsOk);
        }
        else
        {
            await RegisterAsync("alone", new AuthenticationInput { Type = "selfSigned", PrimaryThumbprint = new string('0', 64) }, IfMatch.Any);
        }

        var failed = new List<string>();
        foreach (var (device, certificate) in fleet)
        {
            if (!await ConnectsAsync(device, certificate))
            {
                failed.Add(device);
            }
        }

        Assert.Equal([fails], failed);
    }

    [Fact]
    public async Task Who_is_connected_stands_on_that_and_not_on_what_was_used_later_elsewhere()
    {
        await RegisterAsync("d1");
        var open = await host.ConnectAsync("d1", registered["d1"].PrimaryKey!);
        Assert.Equal("d1", Ids(await LookAsync("primaryKey"), RadarOutcome.Fails));
        var moved = await host.ConnectAsync("d1", registered["d1"].SecondaryKey!);
        await open.Ended;
        Assert.Empty((await LookAsync("primaryKey")).Entries);
        Assert.Equal("d1", Ids(await LookAsync("secondaryKey"), RadarOutcome.OtherWay));
        await moved.SendAsync([0xe0, 0]);
    }

    [Fact]
    public async Task Pages_go_on_where_the_last_one_ended_and_one_outcome_can_be_asked_for()
    {
        foreach (var device in new[] { "d1", "d2", "d3", "d4", "d5" })
        {
            await RegisterAsync(device);
            if (device != "d3")
            {
                Assert.True(await ConnectsAsync(device, CredentialName.PrimaryKey));
            }
        }

        var seen = new List<string>();
        IdentityKey? after = null;
        do
        {
            var page = (await host.Get<Radar>().LookAsync(host.Hub, "sas", null, after, 2, Token)).Value;
            Assert.Equal(after is null, page.Counts is not null);
            seen.AddRange(page.Entries.Select(each => $"{each.Identity} {each.Outcome}"));
            after = page.Next;
        }
        while (after is not null);

        Assert.Equal(["d1 Fails", "d2 Fails", "d3 Unknown", "d4 Fails", "d5 Fails"], seen);
        Assert.Equal(["d3"], (await host.Get<Radar>().LookAsync(host.Hub, "sas", RadarOutcome.Unknown, null, 1, Token)).Value.Entries.Select(each => each.Identity.ToString()));
        Assert.False((await host.Get<Radar>().LookAsync(host.Hub, "ca/none", null, null, 1, Token)).IsOk);
        Assert.False((await host.Get<Radar>().LookAsync(host.Hub, "tls/1.1", null, null, 1, Token)).IsOk);
        Assert.False((await host.Get<Radar>().LookAsync(host.Hub, null, null, null, 1, Token)).IsOk);
    }

    private async Task<RadarPage> LookAsync(string without) => (await host.Get<Radar>().LookAsync(host.Hub, without, null, null, 100, Token)).Value;

    private static string Ids(RadarPage page, RadarOutcome outcome) => string.Join(' ', page.Entries.Where(each => each.Outcome == outcome).Select(each => each.Identity?.ToString()));

    private async Task RegisterAsync(string key, AuthenticationInput? authentication = null, IfMatch? ifMatch = null)
    {
        Assert.True(IdentityKey.TryParse(key, out var identity));
        registered[key] = (await host.Get<IdentityRegistry>().PutAsync(host.Hub, "test", new IdentityInput { Key = identity, Authentication = authentication }, ifMatch ?? IfMatch.Absent, Token)).Value;
    }

    private async Task RegenerateAsync(RegeneratedKey which, params IEnumerable<string> devices) => Assert.True(
        (await host.Get<KeyRegeneration>().RunAsync(host.Hub, "test", which, [.. devices.Select(each => new IdentityKey(DeviceId.Parse(each)))], Token)).IsOk);

    private async Task ReplaceAsync(string credential, IEnumerable<string> devices)
    {
        var policies = host.Get<SharedAccessPolicies>();
        switch (credential)
        {
            case "policy/device":
                Assert.True((await policies.DeleteAsync(host.Hub, "device", IfMatch.Any, "test", Token)).IsOk);
                break;
            case "policy/device/primaryKey":
                Assert.True((await policies.RenewKeyAsync(host.Hub, "device", KeyRenewal.Primary, IfMatch.Any, "test", Token)).IsOk);
                break;
            default:
                await RegenerateAsync(credential == "primaryKey" ? RegeneratedKey.Primary : RegeneratedKey.Secondary, devices);
                break;
        }
    }

    /// <summary>With what the device has, which is what was registered when the fleet was staged.</summary>
    private async Task<bool> ConnectsAsync(string device, string key)
    {
        policyKey ??= (await host.Get<SharedAccessPolicies>().ListAsync(host.Hub, Token)).Single(each => each.Name == "device").PrimaryKey;
        var resource = $"localhost/devices/{device}";
        return await ConnectsAsync(device, key switch
        {
            CredentialName.PrimaryKey => host.TokenOf(resource, registered[device].PrimaryKey!),
            CredentialName.SecondaryKey => host.TokenOf(resource, registered[device].SecondaryKey!),
            _ => host.TokenOf(resource, policyKey, key),
        });
    }

    private Task<bool> ConnectsAsync(string device, PeerCertificate certificate) => ConnectsAsync(device, [], certificate);

    private async Task<bool> ConnectsAsync(string device, byte[] token, PeerCertificate? certificate = null)
    {
        var driver = host.Open(certificate: certificate);
        await driver.SendAsync(DeviceDriver.Connect(device, token));
        var answer = await driver.ReadAsync(4);
        if (answer[3] == 0)
        {
            await driver.SendAsync([0xe0, 0]);
        }

        await driver.Ended;
        return answer[3] == 0;
    }
}
