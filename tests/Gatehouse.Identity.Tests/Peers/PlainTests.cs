using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Xunit;

namespace Gatehouse.Identity.Tests.Peers;

/// <summary>SASL PLAIN.</summary>
public sealed class PlainTests
{
    [Theory]
    [InlineData("dev1@sas.hub", "dev1")]
    [InlineData("dev1@sas.hub.example.com", "dev1")]
    [InlineData("dev1@SAS.HUB", "dev1")]
    [InlineData("dev1/modules/mod1@sas.hub", "dev1/mod1")]
    [InlineData("a%2541%3A%40@sas.hub", "a%41:@")]
    [InlineData("a%41:@@sas.hub", "a%41:@")]
    [InlineData("x@sas.y@sas.hub", "x@sas.y")]
    public async Task A_device_or_module_proves_itself_for_the_whole_connection(string user, string id)
    {
        using var world = new PeerWorld();
        world.Credentials.AddDevice("a%41:@");
        world.Credentials.AddDevice("x@sas.y");
        using var proofs = world.Open();

        var result = await proofs.ProveAsync(user, world.Token(PeerWorld.Path(id), $"{id}-1"), TestContext.Current.CancellationToken);

        Assert.Equal(id, result.Value.Principal.Identity.ToString());
        Assert.Null(await PeerWorld.ActAsync(proofs, id));
        Assert.NotNull(await PeerWorld.ActAsync(proofs, "dev2"));
    }

    [Fact]
    public async Task A_policy_proves_itself_and_its_scope_still_counts()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();

        Assert.True((await proofs.ProveAsync("iothubowner@sas.root.hub", world.PolicyToken("iothubowner", "/messages/events"), TestContext.Current.CancellationToken)).IsOk);

        Assert.True(proofs.Reach(PeerWorld.Host, "hub/$management", Operations.ReadEvents).IsOk);
        Assert.NotNull(await PeerWorld.ActAsync(proofs, "dev1"));

        // A token for the host replaces what PLAIN brought, and keeps its grant.
        await world.PutPolicyAsync(proofs, "iothubowner");
        Assert.Null(await PeerWorld.ActAsync(proofs, "dev1"));
    }

    [Theory]
    [InlineData("dev1@sas.other", RefusalReason.UnknownHub)]
    [InlineData("dev1@sas.", RefusalReason.UnknownHub)]
    [InlineData("dev2@sas.hub", RefusalReason.TokenScopeWrong)]
    [InlineData("dev1/modules/mod1@sas.hub", RefusalReason.TokenScopeWrong)]
    [InlineData("dev1", RefusalReason.TokenMalformed)]
    [InlineData("@sas.hub", RefusalReason.TokenMalformed)]
    [InlineData("", RefusalReason.TokenMalformed)]
    [InlineData("dev1/mod1@sas.hub", RefusalReason.TokenMalformed)]
    [InlineData("dev1/modules/mod1/x@sas.hub", RefusalReason.TokenMalformed)]
    [InlineData("dev 1@sas.hub", RefusalReason.TokenMalformed)]
    [InlineData("iothubowner@sas.root.hub", RefusalReason.TokenMalformed)]
    public async Task Another_name_than_the_tokens_is_refused(string user, RefusalReason reason)
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();

        Assert.False((await proofs.ProveAsync(user, world.DeviceToken("dev1"), TestContext.Current.CancellationToken)).IsOk);

        Assert.Equal(reason, world.LastReason);
        Assert.False(proofs.IsAny);
    }

    [Fact]
    public async Task A_policys_token_under_another_policys_name_is_refused()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();

        Assert.False((await proofs.ProveAsync("iothubowner@sas.root.hub", world.PolicyToken("service"), TestContext.Current.CancellationToken)).IsOk);
        Assert.False((await proofs.ProveAsync("nobody@sas.root.hub", world.PolicyToken("nobody"), TestContext.Current.CancellationToken)).IsOk);
        Assert.Equal(RefusalReason.PolicyUnknown, world.LastReason);
        Assert.False((await proofs.ProveAsync(new string('d', 5000) + "@sas.hub", world.DeviceToken("dev1"), TestContext.Current.CancellationToken)).IsOk);
        Assert.True(world.Refusals[^1].Detail.Length < 300);
    }

    [Fact]
    public async Task A_device_by_a_policys_token_ends_when_the_policy_loses_its_key()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        using var ends = new Ends((await proofs.ProveAsync("dev1@sas.hub", world.PolicyToken("device"), TestContext.Current.CancellationToken)).Value);

        world.Credentials.AddPolicy("device", Rights.DeviceConnect, p => p with { PrimaryKey = p.SecondaryKey });
        world.Signal("policy.changed", "device");

        Assert.Equal((1, HubErrors.IotHubUnauthorized), (ends.Count, ends.Error));
    }
}
