using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Xunit;

namespace Gatehouse.Identity.Tests.Peers;

/// <summary>On connections that act for many, what a hub no longer takes ends when the hub says so, link by link.</summary>
public sealed class StrictGrantTests
{
    [Fact]
    public async Task When_a_hub_wants_certificates_rights_by_tokens_end_and_those_of_back_ends_go_on()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var own = await world.PutAsync(proofs, "dev1");
        await world.PutPolicyAsync(proofs, "iothubowner");
        var acting = (await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev2"), TestContext.Current.CancellationToken)).Value;
        var reach = proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).Value;
        using var ends = new Ends(own);
        using var actingEnds = new Ends(acting);
        using var reachEnds = new Ends(reach);

        world.Ask(new Strictness { IsX509Only = true });

        Assert.Equal((1, 1, 0), (ends.Count, actingEnds.Count, reachEnds.Count));
        Assert.Equal(HubErrors.IotHubUnauthorized, ends.Error);
        Assert.Equal(["dev1", "dev2"], world.Refusals.Where(each => each.Reason == RefusalReason.TokenNotAccepted).Select(each => each.Claimed).Order());
        Assert.NotNull(await PeerWorld.ActAsync(proofs, "dev1/mod1"));
        Assert.Equal(RefusalReason.TokenNotAccepted, world.LastReason);

        world.Ask(Strictness.None);
        Assert.Null(await PeerWorld.ActAsync(proofs, "dev1/mod1"));
    }

    [Fact]
    public async Task When_a_hub_wants_short_tokens_long_ones_end_with_all_that_hangs_on_them_and_short_ones_go_on()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        using var longEnds = new Ends(await world.PutAsync(proofs, "dev1", world.InAnHour + 3600));
        using var shortEnds = new Ends(await world.PutAsync(proofs, "dev2"));
        await world.PutPolicyAsync(proofs, "iothubowner", expiry: world.InAnHour + 301);
        using var reachEnds = new Ends(proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).Value);

        world.Ask(new Strictness { MaxTokenSeconds = 3600 });

        Assert.Equal((1, 0, 1), (longEnds.Count, shortEnds.Count, reachEnds.Count));
        Assert.Equal([RefusalReason.TokenLifetimeTooLong], world.Refusals.Select(each => each.Reason).Distinct());
        var again = await proofs.PutTokenAsync(PeerWorld.Path("dev1"), world.DeviceToken("dev1", world.InAnHour + 301), TestContext.Current.CancellationToken);
        Assert.Equal(HubErrors.IotHubUnauthorized, again.Error);
        await world.PutAsync(proofs, "dev1", world.InAnHour + 300);
    }
}
