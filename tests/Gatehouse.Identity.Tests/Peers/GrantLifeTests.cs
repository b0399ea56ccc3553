using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Signals;
using Xunit;

namespace Gatehouse.Identity.Tests.Peers;

/// <summary>How grants live on and how they end.</summary>
public sealed class GrantLifeTests
{
    private static readonly TimeSpan Grace = new IdentityOptions().TokenGrace;

    [Fact]
    public async Task A_grant_ends_with_its_tokens_grace_and_not_before()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var grant = await world.PutAsync(proofs, "dev1");
        await world.PutAsync(proofs, "dev2", world.InAnHour + 3600);
        using var ends = new Ends(grant);

        world.Time.Advance(TimeSpan.FromHours(1) + Grace - TimeSpan.FromSeconds(1));
        proofs.Beat();
        Assert.Equal(0, ends.Count);

        world.Time.Advance(TimeSpan.FromSeconds(1));
        proofs.Beat();
        proofs.Beat();

        Assert.Equal((1, HubErrors.IotHubUnauthorized), (ends.Count, ends.Error));
        Assert.Equal((RefusalReason.TokenExpired, "dev1"), (world.LastReason, world.Refusals[^1].Claimed));
        Assert.True(proofs.IsAny);
        Assert.NotNull(await PeerWorld.ActAsync(proofs, "dev1"));
        Assert.Null(await PeerWorld.ActAsync(proofs, "dev2"));
        world.Time.Advance(TimeSpan.FromHours(1));
        proofs.Beat();
        Assert.False(proofs.IsAny);
    }

    [Fact]
    public async Task A_token_in_its_grace_opens_nothing_new()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        await world.PutAsync(proofs, "dev1");
        await world.PutPolicyAsync(proofs, "service");
        world.Time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(300));
        Assert.Null(await PeerWorld.ActAsync(proofs, "dev1"));
        Assert.True(proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).IsOk);

        world.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.NotNull(await PeerWorld.ActAsync(proofs, "dev1"));
        Assert.Equal(RefusalReason.TokenExpired, world.LastReason);
        Assert.False(proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).IsOk);
    }

    [Fact]
    public async Task A_new_token_keeps_the_grant_and_moves_its_end()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var grant = await world.PutAsync(proofs, "dev1");
        using var ends = new Ends(grant);
        world.Time.Advance(TimeSpan.FromMinutes(50));

        var renewed = (await proofs.PutTokenAsync("hub.example.com%2Fdevices%2Fdev1", world.DeviceToken("dev1"), TestContext.Current.CancellationToken)).Value;

        Assert.Same(grant, renewed);
        Assert.Equal(world.InAnHour, grant.Principal.ExpiresAt!.Value.ToUnixTimeSeconds());
        world.Time.Advance(TimeSpan.FromHours(1));
        proofs.Beat();
        Assert.Equal(0, ends.Count);
        world.Time.Advance(Grace);
        proofs.Beat();
        Assert.Equal(1, ends.Count);
    }

    [Fact]
    public async Task What_hangs_on_a_policys_token_is_renewed_and_ends_with_it()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var root = await world.PutPolicyAsync(proofs, "iothubowner");
        var acting = (await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev1"), TestContext.Current.CancellationToken)).Value;
        var reading = proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).Value;
        using var actingEnds = new Ends(acting);
        using var readingEnds = new Ends(reading);
        world.Time.Advance(TimeSpan.FromMinutes(50));
        Assert.Same(root, await world.PutPolicyAsync(proofs, "iothubowner"));
        Assert.Equal((root.Principal.ExpiresAt, root.Principal.ExpiresAt), (acting.Principal.ExpiresAt, reading.Principal.ExpiresAt));

        world.Time.Advance(TimeSpan.FromHours(1) + Grace);
        proofs.Beat();

        Assert.Equal((1, 1), (actingEnds.Count, readingEnds.Count));
        using var late = new Ends(reading);
        Assert.Equal(1, late.Count);
    }

    [Fact]
    public async Task A_new_token_that_covers_less_ends_what_it_does_not_cover()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        await world.PutPolicyAsync(proofs, "iothubowner");
        using var first = new Ends((await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev1"), TestContext.Current.CancellationToken)).Value);
        using var second = new Ends((await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev10"), TestContext.Current.CancellationToken)).Value);
        using var reading = new Ends(proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).Value);

        // The same audience, another scope.
        Assert.True((await proofs.PutTokenAsync(PeerWorld.Host, world.PolicyToken("iothubowner", "/devices/dev1"), TestContext.Current.CancellationToken)).IsOk);

        Assert.Equal((0, 1, 1), (first.Count, second.Count, reading.Count));
    }

    [Theory]
    [InlineData("disabled")]
    [InlineData("deleted")]
    [InlineData("made anew")]
    [InlineData("rekeyed")]
    public async Task A_change_of_the_device_ends_its_grant_at_once_and_no_others(string change)
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        using var device = new Ends(await world.PutAsync(proofs, "dev1"));
        using var sibling = new Ends(await world.PutAsync(proofs, "dev10"));

        switch (change)
        {
            case "disabled":
                world.Credentials.AddDevice("dev1", change: d => d with { IsEnabled = false });
                break;
            case "deleted":
                world.Credentials.Remove("dev1");
                break;
            case "made anew":
                world.Credentials.AddDevice("dev1", change: d => d with { GenerationId = "g2" });
                break;
            default:
                world.Credentials.AddDevice("dev1", change: d => d with { PrimaryKey = world.Credentials.Vault.Seal(MemoryCredentials.Key("new"), d.KeyBinding) });
                break;
        }

        world.Signal(SignalSubjects.IdentityChanged, "dev1");
        world.Signal(SignalSubjects.IdentityChanged, "dev1");

        Assert.Equal((1, 0), (device.Count, sibling.Count));
        Assert.Equal("dev1", world.Refusals[^1].Claimed);
        Assert.NotNull(await PeerWorld.ActAsync(proofs, "dev1"));
    }

    [Fact]
    public async Task A_change_that_concerns_nothing_proved_ends_nothing()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        using var device = new Ends(await world.PutAsync(proofs, "dev1"));
        world.Credentials.AddDevice("dev1", change: d => d with { SecondaryKey = world.Credentials.Vault.Seal(MemoryCredentials.Key("new"), d.KeyBinding) });

        world.Signal(SignalSubjects.IdentityChanged, "dev1");
        world.Signal(SignalSubjects.IdentityChanged, "");
        world.Signal(SignalSubjects.PolicyChanged, "device");

        Assert.Equal(0, device.Count);
        Assert.Empty(world.Refusals);
    }

    [Fact]
    public async Task A_change_of_a_device_reaches_its_modules_and_a_modules_not_its_device()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        using var device = new Ends(await world.PutAsync(proofs, "dev1"));
        using var module = new Ends(await world.PutAsync(proofs, "dev1/mod1"));
        world.Credentials.AddDevice("dev1", change: d => d with { IsEnabled = false });
        world.Credentials.AddDevice("dev1/mod1", change: d => d with { IsEnabled = false });

        world.Signal(SignalSubjects.IdentityChanged, "dev1/mod1");
        Assert.Equal((0, 1), (device.Count, module.Count));

        world.Signal(SignalSubjects.IdentityChanged, "dev1");
        Assert.Equal((1, 1), (device.Count, module.Count));
    }

    [Fact]
    public async Task A_policy_that_loses_a_right_or_its_key_ends_what_rests_on_it()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var root = await world.PutPolicyAsync(proofs, "iothubowner");
        using var rootEnds = new Ends(root);
        using var acting = new Ends((await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev1"), TestContext.Current.CancellationToken)).Value);
        using var reading = new Ends(proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).Value);
        using var untold = new Ends(proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).Value);
        untold.Dispose();

        world.Credentials.AddPolicy("iothubowner", Rights.DeviceConnect);
        world.Signal(SignalSubjects.PolicyChanged, "iothubowner");
        Assert.Equal((0, 0, 1), (rootEnds.Count, acting.Count, reading.Count));
        Assert.Equal(RefusalReason.PolicyLacksRight, world.LastReason);

        world.Credentials.AddPolicy("iothubowner", Rights.DeviceConnect, p => p with { PrimaryKey = p.SecondaryKey });
        world.Signal(SignalSubjects.PolicyChanged, "iothubowner");
        Assert.Equal((1, 1, 1, 0), (rootEnds.Count, acting.Count, reading.Count, untold.Count));
        Assert.False(proofs.IsAny);
    }

    [Fact]
    public async Task A_device_under_a_policys_token_ends_alone_when_it_is_disabled()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        using var root = new Ends(await world.PutPolicyAsync(proofs, "device"));
        using var first = new Ends((await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev1"), TestContext.Current.CancellationToken)).Value);
        using var second = new Ends((await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev2"), TestContext.Current.CancellationToken)).Value);
        world.Credentials.AddDevice("dev1", change: d => d with { IsEnabled = false });

        world.Signal(SignalSubjects.IdentityChanged, "dev1");

        Assert.Equal((0, 1, 0), (root.Count, first.Count, second.Count));
    }

    [Fact]
    public async Task A_change_between_the_judgement_and_the_listening_is_not_missed()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        await world.PutPolicyAsync(proofs, "iothubowner");
        var acting = (await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev1"), TestContext.Current.CancellationToken)).Value;
        var reading = proofs.Reach(PeerWorld.Host, "messages/events", Operations.ReadEvents).Value;
        world.Credentials.AddDevice("dev1", change: d => d with { IsEnabled = false });
        world.Credentials.AddPolicy("iothubowner", Rights.DeviceConnect);
        world.Signal(SignalSubjects.IdentityChanged, "dev1");
        world.Signal(SignalSubjects.PolicyChanged, "iothubowner");

        using var actingEnds = new Ends(acting);
        using var readingEnds = new Ends(reading);

        Assert.Equal((1, 1), (actingEnds.Count, readingEnds.Count));
    }

    [Theory]
    [InlineData("dev1", false)]
    [InlineData("device", false)]
    [InlineData("device", true)]
    public async Task Of_two_changes_at_once_the_later_counts_whatever_is_answered_first(string proof, bool isPolicys)
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var grant = proof == "dev1" ? await world.PutAsync(proofs, "dev1") : await world.PutPolicyAsync(proofs, "device");
        if (proof != "dev1" && !isPolicys)
        {
            grant = (await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev1"), TestContext.Current.CancellationToken)).Value;
        }

        using var ends = new Ends(grant);
        var (subject, key) = isPolicys ? (SignalSubjects.PolicyChanged, "device") : (SignalSubjects.IdentityChanged, "dev1");
        world.Held.IsHolding = true;
        world.Signal(subject, key); // nothing that matters
        world.Credentials.AddDevice("dev1", change: d => d with { IsEnabled = false });
        world.Credentials.AddPolicy("device", Rights.DeviceConnect, p => isPolicys ? p with { PrimaryKey = p.SecondaryKey } : p);
        world.Signal(subject, key);

        world.Held.IsHolding = false;
        world.Held.Release();
        Assert.Equal(0, ends.Count);
        while (world.Held.Waiting > 0)
        {
            world.Held.Release();
        }

        Assert.Equal(1, ends.Count);
    }

    [Fact]
    public async Task A_token_that_comes_while_the_former_is_refused_keeps_the_grant()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var grant = await world.PutAsync(proofs, "dev1");
        var acting = await world.PutPolicyAsync(proofs, "device");
        using var ends = new Ends(grant);
        using var actingEnds = new Ends((await proofs.ActAsAsync(PeerWorld.Host, MemoryCredentials.Identity("dev2"), TestContext.Current.CancellationToken)).Value);
        world.Credentials.AddDevice("dev1", change: d => d with { PrimaryKey = world.Credentials.Vault.Seal(MemoryCredentials.Key("new"), d.KeyBinding) });
        world.Credentials.AddPolicy("device", Rights.DeviceConnect, p => p with { PrimaryKey = world.Credentials.Vault.Seal(MemoryCredentials.Key("new"), p.KeyBinding) });
        world.Held.IsHolding = true;
        world.Signal(SignalSubjects.IdentityChanged, "dev1");
        world.Signal(SignalSubjects.IdentityChanged, "dev2");
        world.Signal(SignalSubjects.PolicyChanged, "device");
        world.Held.IsHolding = false;

        Assert.Same(grant, (await proofs.PutTokenAsync(PeerWorld.Path("dev1"), world.DeviceToken("dev1", key: "new"), TestContext.Current.CancellationToken)).Value);
        Assert.Same(acting, (await proofs.PutTokenAsync(PeerWorld.Host, world.PolicyToken("device", key: "new"), TestContext.Current.CancellationToken)).Value);
        while (world.Held.Waiting > 0)
        {
            world.Held.Release();
        }

        Assert.Equal((0, 0), (ends.Count, actingEnds.Count));
        world.Credentials.AddDevice("dev2", change: d => d with { IsEnabled = false });
        world.Signal(SignalSubjects.IdentityChanged, "dev2");
        Assert.Equal((0, 1), (ends.Count, actingEnds.Count));
    }

    [Fact]
    public async Task Who_has_taken_the_listening_back_is_not_told()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var grant = await world.PutAsync(proofs, "dev1");
        using var kept = new Ends(grant);
        using var taken = new Ends(grant);
        using var last = new Ends(grant);
        taken.Dispose();
        taken.Dispose();

        world.Credentials.Remove("dev1");
        world.Signal(SignalSubjects.IdentityChanged, "dev1");

        Assert.Equal((1, 0, 1), (kept.Count, taken.Count, last.Count));
    }

    [Fact]
    public async Task After_Dispose_nobody_is_told_and_nothing_is_kept()
    {
        using var world = new PeerWorld();
        var proofs = world.Open();
        var grant = await world.PutAsync(proofs, "dev1");
        using var ends = new Ends(grant);
        proofs.Dispose();
        world.Credentials.Remove("dev1");

        world.Signal(SignalSubjects.IdentityChanged, "dev1");
        world.Time.Advance(TimeSpan.FromDays(1));
        proofs.Beat();
        using var late = new Ends(grant);

        Assert.Equal((0, 0, false), (ends.Count, late.Count, proofs.IsAny));
        Assert.Empty(world.Refusals);
    }

    [Fact]
    public async Task A_device_made_anew_gets_a_new_grant_for_its_new_token()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var old = await world.PutAsync(proofs, "dev1");
        using var ends = new Ends(old);
        world.Credentials.AddDevice("dev1", change: d => d with { GenerationId = "g2" });

        var grant = await world.PutAsync(proofs, "dev1");

        Assert.Equal((1, "g2"), (ends.Count, grant.Principal.GenerationId));
        Assert.NotSame(old, grant);
        Assert.Null(await PeerWorld.ActAsync(proofs, "dev1"));
    }

    [Fact]
    public async Task Many_listeners_come_and_go_and_each_is_told_once()
    {
        using var world = new PeerWorld();
        using var proofs = world.Open();
        var grant = await world.PutAsync(proofs, "dev1");
        var all = Enumerable.Range(0, 2000).Select(_ => new Ends(grant)).ToList();
        Parallel.ForEach(all.Where((_, i) => i % 2 == 0), each => each.Dispose());
        world.Credentials.Remove("dev1");

        world.Signal(SignalSubjects.IdentityChanged, "dev1");

        Assert.All(all.Where((_, i) => i % 2 == 0), each => Assert.Equal(0, each.Count));
        Assert.All(all.Where((_, i) => i % 2 == 1), each => Assert.Equal(1, each.Count));
    }
}
