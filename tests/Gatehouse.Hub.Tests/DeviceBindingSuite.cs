using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteDeviceBindingTests() : DeviceBindingSuite(null);

public sealed class PostgresDeviceBindingTests(PostgresServer server) : DeviceBindingSuite(server);

/// <summary>Devices that are bound to networks: how a binding is stored, what it outlives, and what a change tells before and after.</summary>
public abstract class DeviceBindingSuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_binding_is_in_force_for_the_device_and_its_modules_when_the_change_returns()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1");
        await hub.PutAsync("d1/m1");
        await hub.PutAsync("d2");
        Assert.Equal((null, null), (await InForceAsync(hub, "d1"), await InForceAsync(hub, "d1/m1")));

        var effect = await BoundAsync(hub, "d1", "192.0.2.0/24", "2001:db8::1");

        const string Stored = "192.0.2.0/24 2001:db8::1/128";
        Assert.Equal((true, Stored), (effect.IsChanged, effect.Current.Networks?.ToString()));
        Assert.Equal((Stored, Stored, null), (await InForceAsync(hub, "d1"), await InForceAsync(hub, "d1/m1"), await InForceAsync(hub, "d2")));
        Assert.Equal(Stored, (await Bindings(hub).FindAsync(hub.Hub, Device("d1"), Token)).Value.Networks?.ToString());
        Assert.False((await BoundAsync(hub, "d1", "192.0.2.0/24", "2001:db8::1/128")).IsChanged);

        // A module that comes later is bound as well.
        await hub.PutAsync("d1/m2");
        Assert.Equal(Stored, await InForceAsync(hub, "d1/m2"));
        Assert.Single(await hub.AuditedAsync(), "device.networks d1");
        var record = (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Last(each => each.Fields.Action == "device.networks").Fields.Detail;
        Assert.Equal("""{"before":null,"after":["192.0.2.0/24","2001:db8::1/128"],"forced":false}""", record);
    }

    [Fact]
    public async Task What_back_ends_write_of_a_device_leaves_its_binding_and_it_goes_with_the_device()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1");
        await BoundAsync(hub, "d1", "192.0.2.1");

        await hub.PutAsync("d1", IfMatch.Any, input => input with { Status = "disabled", Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        Assert.Empty((await hub.BulkAsync(("d1", ImportMode.CreateOrUpdate, null))).Value);
        Assert.Equal("192.0.2.1/32", await InForceAsync(hub, "d1"));

        Assert.True((await hub.DeleteAsync("d1", IfMatch.Any)).IsOk);
        await hub.PutAsync("d1");
        Assert.Null(await InForceAsync(hub, "d1"));
    }

    [Fact]
    public async Task A_binding_is_taken_away_again_and_that_needs_no_force()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1");
        await BoundAsync(hub, "d1", "192.0.2.1");
        using var live = hub.Get<UseRecorder>().Attach(new Sessions((Live(hub, "d1"), "198.51.100.1")));

        var effect = (await Bindings(hub).ChangeAsync(hub.Hub, Device("d1"), null, isForced: false, HubHost.Actor, Token)).Value;

        Assert.Equal((true, 0, 1, null), (effect.IsChanged, effect.LiveCount, effect.StayCount, effect.Danger));
        Assert.Null(await InForceAsync(hub, "d1"));
        Assert.False((await Bindings(hub).ChangeAsync(hub.Hub, Device("d1"), null, isForced: false, HubHost.Actor, Token)).Value.IsChanged);
    }

    [Fact]
    public async Task Those_that_are_bound_are_listed_page_by_page()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        foreach (var device in new[] { "a", "b", "c", "d" })
        {
            await hub.PutAsync(device);
        }

        await hub.PutAsync("a/m");
        foreach (var device in new[] { "d", "a", "c" })
        {
            await BoundAsync(hub, device, "192.0.2.1");
        }

        Assert.Equal(["a", "c"], (await Bindings(hub).ListAsync(hub.Hub, "", 2, Token)).Select(each => each.Device.Value));
        Assert.Equal(["d"], (await Bindings(hub).ListAsync(hub.Hub, "c", 2, Token)).Select(each => each.Device.Value));
    }

    [Fact]
    public async Task A_drill_counts_who_comes_from_elsewhere_and_changes_nothing()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1");
        using var live = hub.Get<UseRecorder>().Attach(new Sessions((Live(hub, "d1"), "::ffff:192.0.2.1"), (Live(hub, "d1/m1"), "::ffff:198.51.100.1"), (Live(hub, "d1/m2"), null), (Live(hub, "d2"), "203.0.113.1")));

        var effect = (await Bindings(hub).RehearseAsync(hub.Hub, Device("d1"), Ranges("192.0.2.0/24"), Token)).Value;

        Assert.Equal((2, 1, null), (effect.LiveCount, effect.StayCount, effect.Danger));
        Assert.Equal([("d1/m1", "198.51.100.1"), ("d1/m2", null)], effect.Live.Select(each => (each.Identity, each.Shown)));
        Assert.Null(await InForceAsync(hub, "d1"));
        Assert.DoesNotContain("device.networks d1", await hub.AuditedAsync());
    }

    [Fact]
    public async Task What_cuts_a_device_off_altogether_is_done_only_by_force_and_the_record_says_so()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("d1");
        using var live = hub.Get<UseRecorder>().Attach(new Sessions((Live(hub, "d1"), "198.51.100.1"), (Live(hub, "d1/m1"), "198.51.100.1")));

        var refused = await Bindings(hub).ChangeAsync(hub.Hub, Device("d1"), Ranges("192.0.2.1"), isForced: false, HubHost.Actor, Token);
        Assert.Equal("GenericConflict", refused.Error?.Name);
        Assert.Contains("connected to this node from 198.51.100.1, which is in none of these networks, and would lose all its 2 connections", refused.Error!.Message, StringComparison.Ordinal);
        Assert.Null(await InForceAsync(hub, "d1"));

        Assert.True((await Bindings(hub).ChangeAsync(hub.Hub, Device("d1"), Ranges("192.0.2.1"), isForced: true, HubHost.Actor, Token)).IsOk);
        Assert.Equal("192.0.2.1/32", await InForceAsync(hub, "d1"));
        Assert.EndsWith("\"forced\":true}", (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Last(each => each.Fields.Action == "device.networks").Fields.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_is_not_there_cannot_be_bound()
    {
        await using var hub = await HubHost.StartAsync(server: server);

        Assert.Equal(HubErrors.DeviceNotFound, (await Bindings(hub).FindAsync(hub.Hub, Device("d1"), Token)).Error);
        Assert.Equal(HubErrors.DeviceNotFound, (await Bindings(hub).ChangeAsync(hub.Hub, Device("d1"), Ranges("192.0.2.1"), isForced: true, HubHost.Actor, Token)).Error);
    }

    private static DeviceBindings Bindings(HubHost hub) => hub.Get<DeviceBindings>();

    private static DeviceId Device(string text) => DeviceId.Parse(text);

    private static NetworkRanges Ranges(params string[] texts) => NetworkRanges.Parse(texts, out _)!;

    private static async Task<BindingEffect> BoundAsync(HubHost hub, string device, params string[] ranges)
    {
        var done = await Bindings(hub).ChangeAsync(hub.Hub, Device(device), Ranges(ranges), isForced: false, HubHost.Actor, Token);
        Assert.True(done.IsOk, done.Error?.Message);
        return done.Value;
    }

    private static async Task<string?> InForceAsync(HubHost hub, string identity) =>
        (await hub.Get<ICredentialSource>().FindIdentityAsync(hub.Hub, HubHost.Key(identity), Token))!.Networks?.ToString();

    private static Principal Live(HubHost hub, string identity) => new()
    {
        Hub = hub.Hub,
        Identity = HubHost.Key(identity),
        Rights = Rights.DeviceConnect,
        Method = AuthenticationMethod.IdentityKey,
        Credential = CredentialName.PrimaryKey,
    };

    private sealed class Sessions(params (Principal Principal, string? Address)[] open) : ILiveUses
    {
        public IReadOnlyList<LiveUse> Of(HubName hub) =>
            [.. open.Where(each => each.Principal.Hub == hub).Select(each => new LiveUse(each.Principal, "1.3", each.Address is null ? null : IPAddress.Parse(each.Address)))];
    }
}
