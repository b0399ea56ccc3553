using System.Text;
using Dapper;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Keys;
using Gatehouse.Store;
using Xunit;

namespace Gatehouse.Hub.Tests;

/// <summary>No key stands in clear in any file of the data directory: not as bytes, not as base64, not as hex.</summary>
public sealed class SecretsAtRestTests
{
    [Theory]
    [InlineData("stored")]
    [InlineData("derived")]
    public async Task No_key_of_fifty_devices_and_their_policies_is_found_in_any_file(string deviceKeys)
    {
        await using var hub = await HubHost.StartAsync();
        var owner = new Principal { Hub = hub.Hub, PolicyName = "iothubowner", Rights = Rights.Owner, Method = AuthenticationMethod.PolicyKey, Credential = "" };
        Assert.True((await hub.Get<StrictModeRules>().ChangeAsync(owner, new StrictnessChange { DeviceKeys = deviceKeys }, IfMatch.Absent, isForced: false, HubHost.Actor, TestContext.Current.CancellationToken)).IsOk);
        var keys = new List<string>();
        for (var i = 0; i < 50; i++)
        {
            var device = (await hub.PutAsync($"d{i}")).Value;
            keys.AddRange([device.PrimaryKey!, device.SecondaryKey!]);
        }

        for (var i = 0; i < 5; i++)
        {
            var change = new AccessPolicyChange { Rights = Rights.ServiceConnect };
            await hub.Get<SharedAccessPolicies>().PutAsync(hub.Hub, $"p{i}", change, IfMatch.Absent, HubHost.Actor, TestContext.Current.CancellationToken);
        }

        keys.AddRange((await hub.Get<SharedAccessPolicies>().ListAsync(hub.Hub, TestContext.Current.CancellationToken)).SelectMany(policy => new[] { policy.PrimaryKey, policy.SecondaryKey }));
        if (deviceKeys == "derived")
        {
            keys.Add(await DerivationKeyAsync(hub));
        }

        var files = Directory.GetFiles(hub.Folder, "*", SearchOption.AllDirectories).ToDictionary(file => file, ReadShared);

        Assert.Equal(deviceKeys == "derived" ? 121 : 120, keys.Distinct().Count());
        Assert.Contains(files, file => file.Value.AsSpan().IndexOf("d49"u8) >= 0); // the rows are in these files
        foreach (var key in keys)
        {
            var bytes = Convert.FromBase64String(key);
            byte[][] forms = [bytes, Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(Convert.ToHexString(bytes)), Encoding.ASCII.GetBytes(Convert.ToHexStringLower(bytes))];
            Assert.DoesNotContain(files, file => forms.Any(form => file.Value.AsSpan().IndexOf(form) >= 0));
        }
    }

    private static async Task<string> DerivationKeyAsync(HubHost hub)
    {
        var row = await hub.Get<Database>().ReadAsync(static (connection, _) => connection.QuerySingleAsync<byte[]>("SELECT sealed FROM derivation_keys"), TestContext.Current.CancellationToken);
        return Convert.ToBase64String(hub.Get<SecretVault>().Reveal(new SealedSecret(row), KeyBinding.ForDerivation(hub.Hub, 1)));
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        file.CopyTo(copy);
        return copy.ToArray();
    }
}
