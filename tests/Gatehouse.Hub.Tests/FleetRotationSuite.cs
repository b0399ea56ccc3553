using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Rotation;
using Gatehouse.Hub.Rotation.Fleets;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteFleetRotationTests() : FleetRotationSuite(null);

public sealed class PostgresFleetRotationTests(PostgresServer server) : FleetRotationSuite(server);

/// <summary>Plans for the keys of many devices and modules: each moves in its own time, none is locked out, and what happens to one of them stops no other.</summary>
public abstract class FleetRotationSuite(PostgresServer? server)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);
    private static readonly ClientTraits Client = new() { Protocol = "mqtt", TlsVersion = "1.3" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_canary_group_goes_through_all_steps_before_anything_happens_to_the_others()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await PutAsync(hub, "a", "b", "b/m", "c");
        foreach (var id in new[] { "a", "b", "b/m" })
        {
            await UsedAsync(hub, id, CredentialName.PrimaryKey);
        }

        await UsedAsync(hub, "c", CredentialName.SecondaryKey);
        var before = await KeysAsync(hub, "a", "b", "b/m", "c");
        var plan = await StartedAsync(hub, Input("a", "b", "b/m", "c") with { CanaryDevices = ["b/m"] });
        Assert.Equal((1L, 4L), (plan.Canary!.Open, plan.Progress!.Open));

        await LookAsync(hub, 16);
        var after = await KeysAsync(hub, "a", "b", "b/m", "c");
        Assert.Equal(before["b/m"].Primary, after["b/m"].Primary);
        Assert.NotEqual(before["b/m"].Secondary, after["b/m"].Secondary);
        Assert.Equal((before["a"], before["b"], before["c"]), (after["a"], after["b"], after["c"]));
        var lag = await FindAsync(hub, plan);
        Assert.Equal((1L, "b/m"), (lag.Progress!.Lagging, Assert.Single(lag.Laggards!.Named).Identity));

        await UsedAsync(hub, "b/m", CredentialName.SecondaryKey);
        await LookAsync(hub, 1);
        Assert.Equal(1, (await FindAsync(hub, plan)).Canary!.Done);
        Assert.NotEqual(before["b/m"].Primary, (await KeysAsync(hub, "b/m"))["b/m"].Primary);

        // Each has its own unused key.
        await LookAsync(hub, 10);
        after = await KeysAsync(hub, "a", "b", "c");
        Assert.Equal((before["a"].Primary, before["b"].Primary, before["c"].Secondary), (after["a"].Primary, after["b"].Primary, after["c"].Secondary));
        await UsedAsync(hub, "a", CredentialName.SecondaryKey);
        await UsedAsync(hub, "b", CredentialName.SecondaryKey);
        await UsedAsync(hub, "c", CredentialName.PrimaryKey);
        await LookAsync(hub, 10);

        var done = await FindAsync(hub, plan);
        Assert.Equal((RotationStates.Done, 4L, 0L), (done.State, done.Progress!.Done, done.Progress.Open));
        var last = await KeysAsync(hub, "a", "b", "b/m", "c");
        Assert.All(before, each => Assert.True(last[each.Key].Primary != each.Value.Primary && last[each.Key].Secondary != each.Value.Secondary, each.Key));
        Assert.Equal(["rotation.create", "rotation.start", "rotation.done"], (await ActionsAsync(hub)).Where(static action => action.StartsWith("rotation.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Neither_key_goes_while_somebody_is_connected_by_it_and_one_device_holds_up_no_other()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await PutAsync(hub, "a", "b");
        await UsedAsync(hub, "a", CredentialName.PrimaryKey);
        await UsedAsync(hub, "b", CredentialName.PrimaryKey);
        var before = await KeysAsync(hub, "a", "b");
        var plan = await StartedAsync(hub, Input("a", "b"));
        await LookAsync(hub, 1);
        using (hub.Get<UseRecorder>().Attach(new Sessions(await PrincipalAsync(hub, "a", CredentialName.SecondaryKey))))
        {
            await LookAsync(hub, 20);
            var after = await KeysAsync(hub, "a", "b");
            Assert.Equal(before["a"], after["a"]);
            Assert.NotEqual(before["b"].Secondary, after["b"].Secondary);
        }

        await LookAsync(hub, 7);
        await UsedAsync(hub, "a", CredentialName.SecondaryKey);
        using (hub.Get<UseRecorder>().Attach(new Sessions(await PrincipalAsync(hub, "a", CredentialName.PrimaryKey))))
        {
            await LookAsync(hub, 20);
            Assert.Equal((before["a"].Primary, 1L), ((await KeysAsync(hub, "a"))["a"].Primary, (await FindAsync(hub, plan)).Progress!.Moved));
        }

        await LookAsync(hub, 7);
        Assert.NotEqual(before["a"].Primary, (await KeysAsync(hub, "a"))["a"].Primary);
        Assert.Equal(before["b"].Primary, (await KeysAsync(hub, "b"))["b"].Primary);
    }

    [Theory]
    [InlineData("look")]
    [InlineData("looked")]
    [InlineData("renewed")]
    [InlineData("retired")]
    [InlineData("done")]
    public async Task A_crash_at_any_step_leaves_that_step_undone_and_another_node_goes_on(string step)
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await PutAsync(hub, "a", "b");
        var plan = await StartedAsync(hub, Input("a", "b"));
        var crashing = RotationSuite.Node(hub);
        var crashed = false;
        var isArmed = false;
        crashing.Look.Before = at =>
        {
            if (isArmed && at == step)
            {
                crashed = true;
                throw new IOException("crash");
            }
        };
        var keys = await KeysAsync(hub, "a", "b");
        for (var round = 0; !crashed; round++)
        {
            Assert.True(round < 40);
            await UsedAsync(hub, "a", CredentialName.SecondaryKey, isOnlyWhenNew: true);
            await UsedAsync(hub, "b", CredentialName.SecondaryKey, isOnlyWhenNew: true);
            keys = await KeysAsync(hub, "a", "b");
            isArmed = true;
            hub.Time.Advance(Look);
            await Record.ExceptionAsync(() => crashing.RunAsync(Token));
        }

        if (step != "done")
        {
            Assert.Equal(keys, await KeysAsync(hub, "a", "b"));
        }

        Assert.Equal(RotationStates.Running, (await FindAsync(hub, plan)).State);
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        for (var round = 0; round < 25; round++)
        {
            await UsedAsync(hub, "a", CredentialName.SecondaryKey, isOnlyWhenNew: true);
            await UsedAsync(hub, "b", CredentialName.SecondaryKey, isOnlyWhenNew: true);
            await LookAsync(hub, 1);
        }

        Assert.Equal((RotationStates.Done, 2L), ((await FindAsync(hub, plan)).State, (await FindAsync(hub, plan)).Progress!.Done));
        Assert.Equal(4, (await ActionsAsync(hub)).Count(static action => action == "device.update"));
    }

    [Fact]
    public async Task Two_nodes_watch_no_faster_than_one_and_a_clock_that_jumps_ends_no_watch()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await PutAsync(hub, "a");
        await UsedAsync(hub, "a", CredentialName.PrimaryKey);
        var before = await KeysAsync(hub, "a");
        await StartedAsync(hub, Input("a"));
        var (one, other) = (RotationSuite.Node(hub), RotationSuite.Node(hub));
        for (var i = 0; i < 6; i++)
        {
            hub.Time.Advance(Look);
            await one.RunAsync(Token);
            await other.RunAsync(Token);
        }

        Assert.Equal(before["a"], (await KeysAsync(hub, "a"))["a"]);

        // As long as a machine that slept: what was not seen is not counted as watched.
        hub.Time.Advance(TimeSpan.FromDays(3));
        await one.RunAsync(Token);
        await LookAsync(hub, 4);
        Assert.Equal(before["a"].Primary, (await KeysAsync(hub, "a"))["a"].Primary);
    }

    [Fact]
    public async Task Who_was_changed_or_deleted_by_somebody_else_is_skipped_and_the_plan_goes_on()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await PutAsync(hub, "changed", "deleted", "kept", "renamed");
        var plan = await StartedAsync(hub, Input("changed", "deleted", "kept", "renamed"));
        await LookAsync(hub, 8);
        Assert.True((await hub.Get<KeyRegeneration>().RunAsync(hub.Hub, HubHost.Actor, RegeneratedKey.Swap, [HubHost.Key("changed")], Token)).IsOk);
        await hub.DeleteAsync("deleted", IfMatch.Any);
        await hub.DeleteAsync("renamed", IfMatch.Any);
        await PutAsync(hub, "renamed");
        var changed = await KeysAsync(hub, "changed", "renamed");
        await UsedAsync(hub, "kept", CredentialName.SecondaryKey);
        await LookAsync(hub, 8);

        var done = await FindAsync(hub, plan);
        Assert.Equal((RotationStates.Done, 1L, 3L), (done.State, done.Progress!.Done, done.Progress.Skipped));
        Assert.Equal(
            [("changed", "Its keys were changed by somebody else."), ("deleted", "It was deleted."), ("renamed", "It was deleted and made anew.")],
            done.LeftOut!.Named.Select(static each => (each.Identity, each.Reason)));
        Assert.Equal(changed, await KeysAsync(hub, "changed", "renamed"));
    }

    [Fact]
    public async Task When_the_time_is_over_whoever_has_not_moved_keeps_the_old_key()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await PutAsync(hub, "lazy", "both", "never");
        await UsedAsync(hub, "lazy", CredentialName.PrimaryKey);
        await UsedAsync(hub, "both", CredentialName.PrimaryKey);
        var before = await KeysAsync(hub, "lazy", "both", "never");
        var plan = await StartedAsync(hub, Input("lazy", "both", "never") with { AtLatestSeconds = 200 });
        await LookAsync(hub, 8);
        for (var i = 0; i < 22; i++)
        {
            await UsedAsync(hub, "both", CredentialName.SecondaryKey);
            await UsedAsync(hub, "both", CredentialName.PrimaryKey);
            await UsedAsync(hub, "lazy", CredentialName.PrimaryKey);
            await LookAsync(hub, 1);
        }

        var done = await FindAsync(hub, plan);
        Assert.Equal((RotationStates.Done, 1L, 2L), (done.State, done.Progress!.Done, done.Progress.Kept));
        var after = await KeysAsync(hub, "lazy", "both", "never");
        Assert.Equal((before["lazy"].Primary, before["never"].Primary), (after["lazy"].Primary, after["never"].Primary));
        Assert.NotEqual(before["both"].Primary, after["both"].Primary);
    }

    [Fact]
    public async Task Rolled_back_who_has_moved_stays_moved_and_the_keys_that_nobody_took_become_worthless()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await PutAsync(hub, "canary", "moved", "not", "late");
        var plan = await StartedAsync(hub, Input("canary", "moved", "not", "late") with { Tell = true });
        await LookAsync(hub, 8);
        var renewed = await KeysAsync(hub, "moved", "not");
        Assert.Equal($"secondary {plan.Id}", await ToldAsync(hub, "not"));
        await UsedAsync(hub, "moved", CredentialName.SecondaryKey);

        Assert.Equal(RotationStates.RollingBack, (await hub.Get<Rotations>().RollBackAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).Value.State);
        await LookAsync(hub, 1);
        var done = await FindAsync(hub, plan);
        Assert.Equal((RotationStates.RolledBack, 3L, 1L), (done.State, done.Progress!.RolledBack, done.Progress.Kept));
        var after = await KeysAsync(hub, "moved", "not");
        Assert.Equal((renewed["moved"], renewed["not"].Primary), (after["moved"], after["not"].Primary));
        Assert.NotEqual(renewed["not"].Secondary, after["not"].Secondary);
        Assert.Null(await ToldAsync(hub, "not"));
        Assert.NotNull(await ToldAsync(hub, "moved"));
        Assert.Equal(HubErrors.InvalidOperation.Code, (await hub.Get<Rotations>().RollBackAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).Error!.Code);
    }

    [Fact]
    public async Task A_plan_stops_by_itself_when_no_canary_has_come_through()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await PutAsync(hub, "a", "b");
        var before = await KeysAsync(hub, "b");
        var plan = await StartedAsync(hub, Input("a", "b") with { Canary = 1 });
        await LookAsync(hub, 2);
        await hub.DeleteAsync("a", IfMatch.Any);
        await LookAsync(hub, 20);
        var stopped = await FindAsync(hub, plan);
        Assert.Equal((RotationStates.Paused, before["b"]), (stopped.State, (await KeysAsync(hub, "b"))["b"]));
        Assert.Contains("none of the canary group", stopped.Message, StringComparison.Ordinal);

        Assert.True((await hub.Get<Rotations>().ResumeAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).IsOk);
        await LookAsync(hub, 10);
        Assert.Equal((RotationStates.Running, 1L), ((await FindAsync(hub, plan)).State, (await FindAsync(hub, plan)).Progress!.Renewed));
    }

    [Fact]
    public async Task Whom_a_plan_cannot_serve_is_said_before_it_is_made_and_a_second_plan_over_the_same_is_refused()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await PutAsync(hub, "a", "b");
        await hub.PutAsync("x509", change: static input => input with { Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        var rotations = hub.Get<Rotations>();
        foreach (var (input, code, word) in new (RotationInput, int, string)[]
        {
            (Input(), HubErrors.ArgumentInvalid.Code, "1–10000"),
            (Input("a") with { Query = "*" }, HubErrors.ArgumentInvalid.Code, "one of the two"),
            (Input("a") with { Devices = null }, HubErrors.ArgumentInvalid.Code, "one of the two"),
            (Input("a/b/c"), HubErrors.ArgumentInvalid.Code, "a/b/c"),
            (Input("a") with { Devices = null, Query = "tags.x = " }, HubErrors.ArgumentInvalid.Code, ""),
            (Input("a") with { Canary = 1_001 }, HubErrors.ArgumentInvalid.Code, "canary"),
            (Input("a") with { CanaryDevices = ["b"] }, HubErrors.ArgumentInvalid.Code, "'b' cannot be a canary"),
            (Input("a", "x509") with { CanaryDevices = ["x509"] }, HubErrors.ArgumentInvalid.Code, "'x509' cannot be a canary"),
            (Input("a") with { FirstKey = "primary" }, HubErrors.ArgumentInvalid.Code, "firstKey"),
            (Input("x509", "none"), HubErrors.InvalidOperation.Code, "It comes by certificate"),
        })
        {
            var refused = await rotations.CreateAsync(hub.Hub, input, false, HubHost.Actor, Token);
            Assert.True(!refused.IsOk && refused.Error.Code == code && refused.Error.Message.Contains(word, StringComparison.Ordinal), $"{word}: {refused.Error?.Message}");
        }

        var drill = (await rotations.CreateAsync(hub.Hub, Input("a", "x509", "none"), true, HubHost.Actor, Token)).Value;
        Assert.Equal((null, 1L, 2L), (drill.Id, drill.Progress!.Open, drill.LeftOut!.Count));
        Assert.Equal(["none", "x509"], drill.LeftOut.Named.Select(static each => each.Identity));
        Assert.Empty(await rotations.ListAsync(hub.Hub, Token));
        Assert.DoesNotContain("rotation.create", await ActionsAsync(hub));

        var plan = await StartedAsync(hub, Input("a"));
        var second = await rotations.CreateAsync(hub.Hub, Input("a", "b"), false, HubHost.Actor, Token);
        Assert.Equal(HubErrors.GenericConflict.Code, second.Error!.Code);
        Assert.Contains(plan.Id!, second.Error.Message, StringComparison.Ordinal);
        Assert.Single(await rotations.ListAsync(hub.Hub, Token));
        await StartedAsync(hub, Input("b"));

        Assert.True((await rotations.CancelAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).IsOk);
        await StartedAsync(hub, Input("a"));
    }

    [Fact]
    public async Task The_new_keys_are_handed_out_with_a_record_of_who_took_them()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await PutAsync(hub, "a", "b");
        var plan = await StartedAsync(hub, Input("a", "b"));
        Assert.Empty((await hub.Get<FleetKeys>().ReadAsync(hub.Hub, plan.Id!, null, HubHost.Actor, Token)).Value.Keys);
        Assert.DoesNotContain("rotation.keys", await ActionsAsync(hub));
        await LookAsync(hub, 8);

        var handed = (await hub.Get<FleetKeys>().ReadAsync(hub.Hub, plan.Id!, null, HubHost.Actor, Token)).Value;
        var keys = await KeysAsync(hub, "a", "b");
        Assert.Equal([("a", "secondary", keys["a"].Secondary), ("b", "secondary", keys["b"].Secondary)], handed.Keys.Select(static each => (each.Identity, each.Slot, each.Key)));
        Assert.Null(handed.Next);
        Assert.DoesNotContain(keys["a"].Secondary, handed.Keys[0].ToString(), StringComparison.Ordinal);
        Assert.Contains("rotation.keys", await ActionsAsync(hub));
        Assert.Equal(["b"], (await hub.Get<FleetKeys>().ReadAsync(hub.Hub, plan.Id!, HubHost.Key("a"), HubHost.Actor, Token)).Value.Keys.Select(static each => each.Identity));
        Assert.Equal(HubErrors.GenericNotFound.Code, (await hub.Get<FleetKeys>().ReadAsync(hub.Hub, "none", null, HubHost.Actor, Token)).Error!.Code);
    }

    [Fact]
    public async Task A_plan_by_query_goes_through_more_devices_than_fit_into_one_batch()
    {
        const int Devices = 1_100;
        await using var hub = await HubHost.StartAsync(server: server);
        foreach (var batch in Enumerable.Range(0, Devices).Chunk(100))
        {
            Assert.Empty((await hub.BulkAsync([.. batch.Select(static at => ($"d{at:0000}", ImportMode.Create, (string?)null))])).Value);
        }

        var plan = await StartedAsync(hub, new RotationInput { Kind = Rotations.DeviceKey, Query = "*", UnusedForSeconds = 60, Canary = 3 });
        Assert.Equal((3L, (long)Devices), (plan.Canary!.Open, plan.Progress!.Open));
        await LookAsync(hub, 8);
        foreach (var at in Enumerable.Range(0, 3))
        {
            await UsedAsync(hub, $"d{at:0000}", CredentialName.SecondaryKey);
        }

        await LookAsync(hub, 20);
        Assert.Equal((3L, Devices - 3L), ((await FindAsync(hub, plan)).Progress!.Done, (await FindAsync(hub, plan)).Progress!.Renewed));
        var all = 0;
        for (HandedKeys page = new([], ""); page.Next is { } next; all += page.Keys.Count)
        {
            page = (await hub.Get<FleetKeys>().ReadAsync(hub.Hub, plan.Id!, next.Length == 0 ? null : HubHost.Key(next), HubHost.Actor, Token)).Value;
        }

        Assert.Equal(Devices, all);
    }

    private static RotationInput Input(params string[] devices) => new() { Kind = Rotations.DeviceKey, Devices = devices, UnusedForSeconds = 60 };

    private static async Task PutAsync(HubHost hub, params string[] ids)
    {
        foreach (var id in ids)
        {
            Assert.True((await hub.PutAsync(id)).IsOk, id);
        }
    }

    private static async Task<RotationPlan> StartedAsync(HubHost hub, RotationInput input)
    {
        var made = await hub.Get<Rotations>().CreateAsync(hub.Hub, input, false, HubHost.Actor, Token);
        Assert.True(made.IsOk, made.Error?.Message);
        return (await hub.Get<Rotations>().StartAsync(hub.Hub, made.Value.Id!, HubHost.Actor, Token)).Value;
    }

    private static async Task LookAsync(HubHost hub, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            hub.Time.Advance(Look);
            await hub.Get<RotationRunner>().RunAsync(Token);
        }
    }

    private static async Task<RotationPlan> FindAsync(HubHost hub, RotationPlan plan) => (await hub.Get<Rotations>().FindAsync(hub.Hub, plan.Id!, Token)).Value;

    private static async Task<Dictionary<string, (string Primary, string Secondary)>> KeysAsync(HubHost hub, params string[] ids)
    {
        var keys = new Dictionary<string, (string, string)>();
        foreach (var id in ids)
        {
            var found = (await hub.FindAsync(id)).Value;
            keys.Add(id, (found.PrimaryKey!, found.SecondaryKey!));
        }

        return keys;
    }

    private static async Task<IReadOnlyList<string>> ActionsAsync(HubHost hub) =>
        [.. (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Where(entry => entry.Fields.Actor.StartsWith(HubHost.Actor, StringComparison.Ordinal)).Select(entry => entry.Fields.Action)];

    /// <summary>Slot and plan as the device reads them; null for nothing.</summary>
    private static async Task<string?> ToldAsync(HubHost hub, string id)
    {
        var properties = (await hub.Get<Gatehouse.Hub.Twins.Twins>().ReadPropertiesAsync(hub.Hub, HubHost.Key(id), null, Token)).Value;
        using var document = JsonDocument.Parse(Encoding.UTF8.GetString(properties.Span));
        return document.RootElement.GetProperty("desired").TryGetProperty("gatehouse", out var section) && section.TryGetProperty("credential", out var told) ? $"{told.GetProperty("slot").GetString()} {told.GetProperty("plan").GetString()}" : null;
    }

    internal static async Task UsedAsync(HubHost hub, string id, string credential, bool isOnlyWhenNew = false)
    {
        // A device cannot use the new key before it is made.
        if (isOnlyWhenNew && !await WasRenewedAsync(hub, id))
        {
            return;
        }

        hub.Get<UseRecorder>().Used(await PrincipalAsync(hub, id, credential), Client);
    }

    private static async Task<bool> WasRenewedAsync(HubHost hub, string id) =>
        (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Any(entry => entry.Fields.Action == "device.update" && entry.Fields.Subject == id);

    /// <summary>As Identity makes it.</summary>
    private static async Task<Principal> PrincipalAsync(HubHost hub, string id, string credential)
    {
        var registered = (await hub.Get<ICredentialSource>().FindIdentityAsync(hub.Hub, HubHost.Key(id), Token))!;
        return new Principal
        {
            Hub = hub.Hub,
            Identity = registered.Identity,
            Rights = Rights.DeviceConnect,
            Method = AuthenticationMethod.IdentityKey,
            Credential = credential,
            CredentialName = credential,
            CredentialMark = (credential == CredentialName.PrimaryKey ? registered.PrimaryKey : registered.SecondaryKey)!.Mark,
            GenerationId = registered.GenerationId,
        };
    }

    private sealed class Sessions(params Principal[] open) : ILiveUses
    {
        public IReadOnlyList<LiveUse> Of(HubName hub) => [.. open.Where(each => each.Hub == hub).Select(each => new LiveUse(each, "1.3"))];
    }
}
