using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Xunit;

namespace Gatehouse.Identity.Tests.Peers;

/// <summary>How far a policy's token reaches: by segments, by its rights, and under both names of the events.</summary>
public sealed class PolicyScopeTests
{
    [Theory]
    [InlineData("", "messages/events/ConsumerGroups/$Default/Partitions/0", true)]
    [InlineData("", "hub/ConsumerGroups/$Default/Partitions/0", true)]
    [InlineData("/messages/events", "messages/events", true)]
    [InlineData("/messages/events", "/messages/events/$management", true)]
    [InlineData("/messages/events", "hub/$management", true)]
    [InlineData("/messages/events", "messages/eventsX", false)]
    [InlineData("/messages/event", "messages/events", false)]
    [InlineData("/messages/events", "messages", false)]
    [InlineData("/messages/events", "messages/servicebound/feedback", false)]
    [InlineData("/hub", "messages/events/ConsumerGroups/$Default/Partitions/0", true)]
    [InlineData("/HUB", "hub/$management", true)]
    [InlineData("/hub", "hub2/$management", false)]
    [InlineData("/hu", "hub/$management", false)]
    [InlineData("/hub", "messages/devicebound", false)]
    [InlineData("/hub/ConsumerGroups/$Default/Partitions/0", "hub/ConsumerGroups/$default/Partitions/0", true)]
    [InlineData("/hub/ConsumerGroups/$Default/Partitions/0", "messages/events/ConsumerGroups/$Default/Partitions/0", true)]
    [InlineData("/hub/ConsumerGroups/$Default/Partitions/0", "hub/ConsumerGroups/$Default/Partitions/00", false)]
    [InlineData("/hub/ConsumerGroups/$Default/Partitions/0", "hub/ConsumerGroups/$Default/Partitions/1", false)]
    [InlineData("/hub/ConsumerGroups/$Default/Partitions/1", "hub/ConsumerGroups/$Default/Partitions/10", false)]
    [InlineData("/hub/ConsumerGroups/$Default/Partitions/0", "hub/$management", false)]
    [InlineData("/devices/dev1", "messages/events", false)]
    [InlineData("/hub//ConsumerGroups", "hub/ConsumerGroups", false)]
    public async Task A_token_reaches_what_its_scope_covers(string scope, string path, bool isReached)
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        await world.PutPolicyAsync(proofs, "service", scope);

        var reached = proofs.Reach(PeerWorld.Host, path, Operations.ReadEvents);

        Assert.Equal(isReached, reached.IsOk);
        if (!isReached)
        {
            Assert.Equal((HubErrors.IotHubUnauthorizedAccess, RefusalReason.TokenScopeWrong, "service"), (reached.Error, world.LastReason, world.Refusals[^1].Claimed));
        }
    }

    [Theory]
    [InlineData("", "dev1", true)]
    [InlineData("", "dev1/mod1", true)]
    [InlineData("/devices", "dev2", true)]
    [InlineData("/devices/dev1", "dev1", true)]
    [InlineData("/devices/dev1", "dev1/mod1", true)]
    [InlineData("/devices/dev1", "dev10", false)]
    [InlineData("/devices/dev1/modules/mod1", "dev1", false)]
    [InlineData("/devices/dev1/modules/mod1", "dev1/mod1", true)]
    [InlineData("/devices/dev1/modules/mod1", "dev1/mod10", false)]
    [InlineData("/messages/events", "dev1", false)]
    [InlineData("/hub", "dev1", false)]
    public async Task A_token_with_DeviceConnect_is_any_device_that_its_scope_covers(string scope, string id, bool isAllowed)
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        await world.PutPolicyAsync(proofs, "device", scope);

        var result = await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity(id), TestContext.Current.CancellationToken);

        Assert.Equal(isAllowed, result.IsOk);
        if (isAllowed)
        {
            var principal = result.Value.Principal;
            Assert.Equal((id, "device", Rights.DeviceConnect, "g1"), (principal.Identity.ToString(), principal.PolicyName, principal.Rights, principal.GenerationId));
        }
    }

    [Fact]
    public async Task A_policys_scope_is_decoded_once_at_most()
    {
        using var world = new PeerWorld();
        world.Credentials.AddDevice("aA");
        world.Credentials.AddDevice("a%41");
        using var proofs = world.Open();

        // The id a%41, encoded by a client and again with the whole: it must not become aA.
        await proofs.PutTokenAsync(PeerWorld.Host, world.Token("hub.example.com%2Fdevices%2Fa%2541", "device-1", "device"), TestContext.Current.CancellationToken);

        Assert.Null(await PeerWorld.ActAsync(proofs, "a%41"));
        Assert.NotNull(await PeerWorld.ActAsync(proofs, "aA"));
    }

    [Fact]
    public async Task A_policy_without_the_right_reaches_nothing()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        await world.PutPolicyAsync(proofs, "registryRead");

        Assert.Equal(HubErrors.IotHubUnauthorizedAccess, proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).Error);
        Assert.Equal(RefusalReason.PolicyLacksRight, world.LastReason);
        Assert.Equal(HubErrors.IotHubUnauthorizedAccess, await PeerWorld.ActAsync(proofs, "dev1"));
        Assert.Equal(RefusalReason.PolicyLacksRight, world.LastReason);
        await world.PutPolicyAsync(proofs, "service", "/messages");
        Assert.True(proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).IsOk);
    }

    [Fact]
    public async Task Nothing_is_reached_without_a_proof_or_on_another_hub()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();

        Assert.False(proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).IsOk);
        Assert.Equal(RefusalReason.CredentialMissing, world.LastReason);
        Assert.Equal(HubErrors.IotHubUnauthorized, await PeerWorld.ActAsync(proofs, "dev1"));
        Assert.Equal(RefusalReason.CredentialMissing, world.LastReason);
        Assert.Equal(HubErrors.IotHubUnauthorized, await PeerWorld.ActAsync(proofs, "nobody"));
        Assert.Equal(HubErrors.IotHubNotFound, proofs.Reach("elsewhere.example.com", "messages/events", Operations.ReadEvents).Error);
    }

    [Fact]
    public async Task A_client_that_dials_by_another_name_means_the_hub_of_its_tokens()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        await world.PutPolicyAsync(proofs, "iothubowner");

        Assert.True(proofs.Reach("127.0.0.1", "messages/events", Operations.ReadEvents).IsOk);
        Assert.True((await proofs.ActAsAsync("127.0.0.1", MemoryCredentials.Identity("dev1"), TestContext.Current.CancellationToken)).IsOk);
    }

    [Fact]
    public async Task An_X509_device_is_not_opened_by_a_policys_token()
    {
        using var world = new PeerWorld();
        world.Credentials.AddDevice("dev2", Contracts.Credentials.CredentialKind.SelfSigned);
        using var proofs = world.Open();
        await world.PutPolicyAsync(proofs, "iothubowner");

        Assert.NotNull(await PeerWorld.ActAsync(proofs, "dev2"));
        Assert.Equal(RefusalReason.CredentialKindMismatch, world.LastReason);
    }
}
