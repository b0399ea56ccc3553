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
    public async Task When_a_hub_wants_own_tokens_devices_by_a_policy_end_and_the_policys_own_rights_and_own_tokens_go_on()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        using var own = new Ends(await world.PutAsync(proofs, "dev1"));
        await world.PutPolicyAsync(proofs, "iothubowner");
        using var acting = new Ends((await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev2"), TestContext.Current.CancellationToken)).Value);
        using var reach = new Ends(proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).Value);

        world.Ask(new Strictness { IsOwnTokensOnly = true });

        Assert.Equal((0, 1, 0), (own.Count, acting.Count, reach.Count));
        Assert.Equal([RefusalReason.TokenTooWide], world.Refusals.Select(each => each.Reason));
        Assert.NotNull(await PeerWorld.ActAsync(proofs, "dev2"));
        Assert.Null(await PeerWorld.ActAsync(proofs, "dev1"));
    }

    [Fact]
    public async Task What_was_opened_by_a_token_does_not_live_on_by_one_for_a_part_and_a_part_ends_when_the_hub_no_longer_looks_at_parts()
    {
        using var world = new PeerWorld();
        world.Credentials.Strictness = new Strictness { IsOwnTokensOnly = true };
        using var proofs = world.Open();
        using var whole = new Ends(await world.PutAsync(proofs, "dev1"));
        Task<Contracts.Errors.Result<IGrant>> PutPartAsync(string part, long? expiry = null) =>
            proofs.PutTokenAsync(PeerWorld.Path("dev1"), world.Token(Uri.EscapeDataString($"{PeerWorld.Path("dev1")}/{part}"), "dev1-1", expiry: expiry), TestContext.Current.CancellationToken).AsTask();

        var part = (await PutPartAsync("messages/events")).Value;
        using var partEnds = new Ends(part);
        Assert.Equal((1, Rights.DeviceTelemetry), (whole.Count, part.Principal.Rights));
        Assert.Equal(RefusalReason.TokenScopeWrong, world.LastReason);
        Assert.Equal(Rights.DeviceTelemetry, (await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev1"), TestContext.Current.CancellationToken)).Value.Principal.Rights);

        // Renewed it lives on, another part takes its place, and the whole is more than any part.
        Assert.Same(part, (await PutPartAsync("messages/events", world.InAnHour + 60)).Value);
        var twin = (await PutPartAsync("twin")).Value;
        using var twinEnds = new Ends(twin);
        Assert.Equal(1, partEnds.Count);
        Assert.Same(twin, await world.PutAsync(proofs, "dev1"));
        Assert.Equal((0, Rights.DeviceConnect), (twinEnds.Count, twin.Principal.Rights));

        using var last = new Ends((await PutPartAsync("twin")).Value);
        world.Ask(Strictness.None);
        Assert.Equal(1, last.Count);
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
