using Gatehouse.Contracts.Access;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Credentials;
using Gatehouse.Hub.Registry;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqlitePolicyTests() : PolicySuite(null);

public sealed class PostgresPolicyTests(PostgresServer server) : PolicySuite(server);

/// <summary>Shared access policies: the service's five, custom ones up to the limit, the last owner protected, keys renewed and known at once.</summary>
public abstract class PolicySuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hub_is_born_with_the_services_policies_and_ten_different_keys()
    {
        await using var hub = await HubHost.StartAsync(server: server);

        var all = await hub.Get<SharedAccessPolicies>().ListAsync(hub.Hub, Token);

        Assert.Equal(BuiltInPolicies.All.Select(each => $"{each.Key} {each.Value}").Order(), all.Select(each => $"{each.Name} {each.Rights}").Order());
        Assert.Equal(10, all.SelectMany(each => new[] { each.PrimaryKey, each.SecondaryKey }).Distinct().Count());
    }

    [Fact]
    public async Task A_custom_policy_holds_exactly_its_rights_and_every_change_is_audited()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var policies = hub.Get<SharedAccessPolicies>();

        var made = await PutAsync(hub, "sender", Rights.DeviceConnect);
        var changed = await PutAsync(hub, "SENDER", Rights.ServiceConnect | Rights.RegistryRead, IfMatch.Version(made.Value!.ETag));
        var stale = await policies.PutAsync(hub.Hub, "sender", new AccessPolicyChange { Rights = Rights.RegistryRead }, IfMatch.Version(made.Value.ETag), HubHost.Actor, Token);

        Assert.Equal(("sender", Rights.ServiceConnect | Rights.RegistryRead), (changed.Value!.Name, changed.Value.Rights));
        Assert.Equal("PreconditionFailed", stale.Error?.Name);
        Assert.True((await policies.DeleteAsync(hub.Hub, "sender", IfMatch.Any, HubHost.Actor, Token)).IsOk);
        Assert.Equal("GenericNotFound", (await policies.FindAsync(hub.Hub, "sender", Token)).Error?.Name);
        Assert.Equal(["policy.create sender", "policy.update sender", "policy.delete sender"], await hub.AuditedAsync());
    }

    [Fact]
    public async Task The_limit_is_reached_and_not_passed()
    {
        await using var hub = await HubHost.StartAsync(new HubOptions { Policies = new PolicyOptions { MaxPerHub = 7 } }, server);

        Assert.Null((await PutAsync(hub, "p6", Rights.RegistryRead)).Error);
        Assert.Null((await PutAsync(hub, "p7", Rights.RegistryRead)).Error);
        Assert.Equal("GenericConflict", (await PutAsync(hub, "p8", Rights.RegistryRead)).Error);
        Assert.Null((await PutAsync(hub, "p7", Rights.ServiceConnect)).Error);
    }

    [Fact]
    public async Task The_last_owner_can_neither_go_nor_lose_a_right()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var policies = hub.Get<SharedAccessPolicies>();

        Assert.Equal("InvalidOperation", (await policies.DeleteAsync(hub.Hub, "iothubowner", IfMatch.Any, HubHost.Actor, Token)).Error?.Name);
        await PutAsync(hub, "second", Rights.Owner);
        Assert.True((await policies.DeleteAsync(hub.Hub, "iothubowner", IfMatch.Any, HubHost.Actor, Token)).IsOk);
        Assert.Equal("InvalidOperation", (await PutAsync(hub, "second", Rights.RegistryRead)).Error);
        Assert.Equal("InvalidOperation", (await policies.DeleteAsync(hub.Hub, "second", IfMatch.Any, HubHost.Actor, Token)).Error?.Name);
    }

    [Fact]
    public async Task Of_two_owners_that_are_deleted_at_once_one_stays()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await PutAsync(hub, "second", Rights.Owner);

        await Task.WhenAll(new[] { "iothubowner", "second" }.Select(name => Task.Run(() => hub.Get<SharedAccessPolicies>().DeleteAsync(hub.Hub, name, IfMatch.Any, HubHost.Actor, Token), Token)));

        Assert.Single(await hub.Get<SharedAccessPolicies>().ListAsync(hub.Hub, Token), policy => policy.Rights == Rights.Owner);
    }

    [Theory]
    [InlineData("service", Rights.Owner)]
    [InlineData("Device", Rights.ServiceConnect)]
    [InlineData("iothubowner", Rights.RegistryRead)]
    public async Task A_built_in_policy_keeps_its_rights(string name, Rights rights)
    {
        await using var hub = await HubHost.StartAsync(server: server);

        Assert.Equal("InvalidOperation", (await PutAsync(hub, name, rights)).Error);
    }

    [Fact]
    public async Task Renewing_and_swapping_keys_is_known_to_authentication_at_once()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var policies = hub.Get<SharedAccessPolicies>();
        var credentials = hub.Get<CredentialSource>();
        var before = (await policies.FindAsync(hub.Hub, "service", Token)).Value;
        var cached = await credentials.FindPolicyAsync(hub.Hub, "service", Token);

        var renewed = (await policies.RenewKeyAsync(hub.Hub, "service", KeyRenewal.Primary, IfMatch.Absent, HubHost.Actor, Token)).Value;
        var fresh = await credentials.FindPolicyAsync(hub.Hub, "service", Token);
        var swapped = (await policies.RenewKeyAsync(hub.Hub, "service", KeyRenewal.Swap, IfMatch.Version(renewed.ETag), HubHost.Actor, Token)).Value;

        Assert.NotEqual(before.PrimaryKey, renewed.PrimaryKey);
        Assert.Equal(before.SecondaryKey, renewed.SecondaryKey);
        Assert.False(cached!.PrimaryKey.Blob.Span.SequenceEqual(fresh!.PrimaryKey.Blob.Span));
        Assert.Equal((renewed.SecondaryKey, renewed.PrimaryKey), (swapped.PrimaryKey, swapped.SecondaryKey));
    }

    private static async Task<(AccessPolicy? Value, string? Error)> PutAsync(HubHost hub, string name, Rights rights, IfMatch? ifMatch = null)
    {
        var saved = await hub.Get<SharedAccessPolicies>().PutAsync(hub.Hub, name, new AccessPolicyChange { Rights = rights }, ifMatch ?? IfMatch.Absent, HubHost.Actor, Token);
        return saved.IsOk ? (saved.Value.Value, null) : (null, saved.Error.Name);
    }
}
