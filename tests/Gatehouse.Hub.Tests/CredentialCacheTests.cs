using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Credentials;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Hub.Tests;

/// <summary>Authentication works from memory, and what it remembers goes with the signal of a change.</summary>
public sealed class CredentialCacheTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_known_device_costs_no_read_until_a_signal_and_then_the_new_facts_are_there()
    {
        await using var hub = await HubHost.StartAsync();
        await hub.PutAsync("d1");
        var source = hub.Get<CredentialSource>();
        var first = await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1"), Token);

        Assert.Same(first!.KeyBinding, (await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1"), Token))!.KeyBinding);
        await hub.PutAsync("d1", IfMatch.Any, input => input with { Status = "disabled" });
        var second = await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1"), Token);

        Assert.True(first.IsEnabled);
        Assert.False(second!.IsEnabled);
    }

    [Fact]
    public async Task A_change_behind_the_signals_back_is_believed_after_the_age_limit()
    {
        await using var hub = await HubHost.StartAsync();
        await hub.PutAsync("d1");
        var source = hub.Get<CredentialSource>();
        await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1"), Token);
        await hub.Get<Database>().WriteAsync<int>(
            async (write, _) => await Dapper.SqlMapper.ExecuteAsync(write.Connection, "UPDATE identities SET is_disabled = 1", transaction: write.Transaction), Token);

        Assert.True((await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1"), Token))!.IsEnabled); // from memory
        hub.Time.Advance(new CredentialOptions().MaxAge + TimeSpan.FromSeconds(1));
        Assert.False((await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1"), Token))!.IsEnabled);
    }

    [Fact]
    public async Task An_unknown_device_is_known_as_soon_as_it_is_made_and_unknown_as_soon_as_it_is_deleted()
    {
        await using var hub = await HubHost.StartAsync();
        var source = hub.Get<CredentialSource>();

        Assert.Null(await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1"), Token));
        await hub.PutAsync("d1");
        Assert.NotNull(await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1"), Token));
        await hub.DeleteAsync("d1", IfMatch.Any);
        Assert.Null(await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1"), Token));
    }

    [Fact]
    public async Task A_disabled_device_disables_its_modules()
    {
        await using var hub = await HubHost.StartAsync();
        await hub.PutAsync("d1");
        await hub.PutAsync("d1/m1");
        var source = hub.Get<CredentialSource>();
        Assert.True((await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1/m1"), Token))!.IsEnabled);

        await hub.PutAsync("d1", IfMatch.Any, input => input with { Status = "disabled" });

        Assert.False((await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1/m1"), Token))!.IsEnabled);
    }

    [Fact]
    public async Task A_signal_for_all_empties_everything()
    {
        await using var hub = await HubHost.StartAsync();
        await hub.PutAsync("d1");
        var source = hub.Get<CredentialSource>();
        await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1"), Token);
        await hub.Get<Database>().WriteAsync<int>(
            async (write, _) => await Dapper.SqlMapper.ExecuteAsync(write.Connection, "UPDATE identities SET is_disabled = 1", transaction: write.Transaction), Token);

        await hub.Get<ISignals>().PublishAsync(new Signal(SignalSubjects.IdentityChanged, hub.Hub.Value, ""), Token);

        Assert.False((await source.FindIdentityAsync(hub.Hub, HubHost.Key("d1"), Token))!.IsEnabled);
    }

    [Fact]
    public void What_was_read_before_it_was_forgotten_is_not_kept()
    {
        var cache = new RecentCache<string, string>(10, TimeSpan.FromMinutes(1), new FakeTimeProvider());
        var begun = cache.Begin("d1");
        cache.Forget("d1");

        Assert.False(cache.TryAdd("d1", "stale", begun));
        Assert.False(cache.TryGet("d1", out _));
    }

    [Fact]
    public void The_cache_never_holds_more_than_its_capacity_and_drops_what_was_not_asked_for()
    {
        var cache = new RecentCache<string, string>(10, TimeSpan.FromMinutes(1), new FakeTimeProvider());
        for (var i = 0; i < 100; i++)
        {
            Assert.True(cache.TryAdd($"d{i}", "x", cache.Begin($"d{i}")));
            Assert.True(cache.TryGet("d0", out _));
            Assert.InRange(cache.Count, 1, 10);
        }

        Assert.False(cache.TryGet("d1", out _));
    }
}
