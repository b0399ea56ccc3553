using System.Text.Json;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Rotation;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteRotationTests() : RotationSuite(null);

public sealed class PostgresRotationTests(PostgresServer server) : RotationSuite(server);

/// <summary>Plans for the keys of a policy: what they wait for, what they never do, and that a crash at any step changes nothing of that.</summary>
public abstract class RotationSuite(PostgresServer? server)
{
    private const string Policy = "service";
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);
    private static readonly ClientTraits Client = new() { Protocol = "https", TlsVersion = "1.3" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_keys_are_new_when_clients_have_moved_and_no_key_goes_while_it_is_used()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var before = await KeysAsync(hub);
        await UsedAsync(hub, CredentialName.PrimaryKey);
        var plan = await StartedAsync(hub);
        Assert.Equal((CredentialName.SecondaryKey, RotationStates.Running), (plan.FirstKey, plan.State));

        await LookAsync(hub, 7);
        Assert.Equal((before.PrimaryKey, 1), ((await KeysAsync(hub)).PrimaryKey, await RenewalsAsync(hub)));
        Assert.NotEqual(before.SecondaryKey, (await KeysAsync(hub)).SecondaryKey);
        var second = await KeysAsync(hub);

        // Long after the quiet time: the old key is used, and the new one has reached nobody.
        for (var i = 0; i < 10; i++)
        {
            await UsedAsync(hub, CredentialName.PrimaryKey);
            await LookAsync(hub, 3);
        }

        await LookAsync(hub, 10);
        Assert.Contains("Nobody has used the new secondary key", (await FindAsync(hub, plan)).Message, StringComparison.Ordinal);

        await UsedAsync(hub, CredentialName.SecondaryKey);
        await UsedAsync(hub, CredentialName.PrimaryKey);
        await LookAsync(hub, 6);
        Assert.Equal(second.PrimaryKey, (await KeysAsync(hub)).PrimaryKey);
        Assert.Equal(RotationStates.Running, (await FindAsync(hub, plan)).State);

        await LookAsync(hub, 1);
        var done = await FindAsync(hub, plan);
        Assert.Equal((RotationStates.Done, RotationStates.Done), (done.State, done.Steps[^1].State));
        Assert.NotEqual(before.PrimaryKey, (await KeysAsync(hub)).PrimaryKey);
        Assert.Equal(second.SecondaryKey, (await KeysAsync(hub)).SecondaryKey);
        Assert.Equal(["rotation.create", "rotation.start", "policy.regenerate-key", "rotation.renew", "policy.regenerate-key", "rotation.done"], await ActionsAsync(hub));
    }

    [Fact]
    public async Task Whoever_is_connected_by_a_key_keeps_it_as_long_as_the_connection_stays()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await StartedAsync(hub);
        using (hub.Get<UseRecorder>().Attach(new Sessions(await PrincipalAsync(hub, CredentialName.SecondaryKey))))
        {
            await LookAsync(hub, 20);
            Assert.Equal((0, 1L), (await RenewalsAsync(hub), (await FindAsync(hub, plan)).Steps[0].Live));
            Assert.Contains("1 are connected by the secondary key", (await FindAsync(hub, plan)).Message, StringComparison.Ordinal);
        }

        await LookAsync(hub, 5);
        Assert.Equal(0, await RenewalsAsync(hub));
        await LookAsync(hub, 1);
        Assert.Equal(1, await RenewalsAsync(hub));
    }

    [Fact]
    public async Task The_last_key_of_the_last_owner_never_goes_before_the_new_one_has_been_used()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await StartedAsync(hub, new RotationInput { Kind = Rotations.PolicyKey, Policy = "IOTHUBOWNER", UnusedForSeconds = 60, AtLatestSeconds = 60 });

        await LookAsync(hub, 50);
        Assert.Equal((1, RotationStates.Running), (await RenewalsAsync(hub), (await FindAsync(hub, plan)).State));

        await UsedAsync(hub, CredentialName.SecondaryKey, "iothubowner");
        await LookAsync(hub, 1);
        Assert.Equal((2, RotationStates.Done), (await RenewalsAsync(hub), (await FindAsync(hub, plan)).State));
    }

    [Fact]
    public async Task A_policy_that_nobody_uses_gets_new_keys_without_anybody_to_wait_for()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await StartedAsync(hub);

        await LookAsync(hub, 13);

        Assert.Equal((2, RotationStates.Done), (await RenewalsAsync(hub), (await FindAsync(hub, plan)).State));
    }

    [Fact]
    public async Task When_the_time_for_the_move_is_over_the_old_key_goes_although_it_is_used()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await StartedAsync(hub, Input() with { AtLatestSeconds = 120 });
        using var live = hub.Get<UseRecorder>().Attach(new Sessions(await PrincipalAsync(hub, CredentialName.PrimaryKey)));
        await UsedAsync(hub, CredentialName.PrimaryKey);
        await LookAsync(hub, 7);
        await UsedAsync(hub, CredentialName.SecondaryKey);

        await LookAsync(hub, 11);
        Assert.Equal(1, await RenewalsAsync(hub));
        await LookAsync(hub, 1);

        Assert.Equal((2, RotationStates.Done), (await RenewalsAsync(hub), (await FindAsync(hub, plan)).State));
        Assert.Contains("1 that stood on the old key", (await FindAsync(hub, plan)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("look")]
    [InlineData("looked")]
    [InlineData("renewed")]
    [InlineData("done")]
    public async Task A_crash_at_any_step_leaves_that_step_undone_and_another_node_goes_on(string step)
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await StartedAsync(hub);
        var crashing = Node(hub);
        var crashed = false;
        crashing.Look.Before = at =>
        {
            if (at == step)
            {
                crashed = true;
                throw new IOException("crash");
            }
        };
        RotationPlan before;
        long renewals;
        var round = 0;
        do
        {
            (before, renewals) = (await FindAsync(hub, plan), await RenewalsAsync(hub));
            hub.Time.Advance(Look);
            await Record.ExceptionAsync(() => crashing.RunAsync(Token));
            Assert.True(++round < 30);
        }
        while (!crashed);

        var after = await FindAsync(hub, plan);
        Assert.Equal((JsonSerializer.Serialize(before), renewals), (JsonSerializer.Serialize(after), await RenewalsAsync(hub)));

        // The lease of the one that died has run out by then.
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        var other = Node(hub);
        await LookAsync(hub, 14, other);
        Assert.Equal((2, RotationStates.Done), (await RenewalsAsync(hub), (await FindAsync(hub, plan)).State));
    }

    [Fact]
    public async Task Two_nodes_watch_no_faster_than_one()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await StartedAsync(hub);
        var (one, other) = (Node(hub), Node(hub));
        for (var i = 0; i < 6; i++)
        {
            hub.Time.Advance(Look);
            await one.RunAsync(Token);
            await other.RunAsync(Token);
        }

        Assert.Equal((0, TimeSpan.FromSeconds(50)), (await RenewalsAsync(hub), (await FindAsync(hub, plan)).Steps[0].Watched!.Value));
    }

    [Fact]
    public async Task A_clock_that_jumps_neither_ends_a_watch_early_nor_holds_it_up()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await StartedAsync(hub);
        var clock = new JumpingClock(hub.Time);
        var node = Node(hub, clock);
        await LookAsync(hub, 2, node);
        clock.Ahead = TimeSpan.FromDays(300);
        await LookAsync(hub, 1, node);
        Assert.Equal(0, await RenewalsAsync(hub));
        clock.Ahead = TimeSpan.FromDays(-300);
        await LookAsync(hub, 3, node);
        Assert.Equal(0, await RenewalsAsync(hub));
        await LookAsync(hub, 1, node);
        Assert.Equal(1, await RenewalsAsync(hub));

        // A use from the future would hide what follows it.
        await UsedAsync(hub, CredentialName.PrimaryKey);
        await UsedAsync(hub, CredentialName.SecondaryKey);
        clock.Ahead = TimeSpan.FromMinutes(-5);
        await LookAsync(hub, 20, node);
        Assert.Equal(1, await RenewalsAsync(hub));
        Assert.Contains("clock was set back", (await FindAsync(hub, plan)).Message, StringComparison.Ordinal);
        await LookAsync(hub, 20, node);
        Assert.Equal(2, await RenewalsAsync(hub));
    }

    [Fact]
    public async Task A_paused_plan_does_nothing_and_watches_anew_when_it_goes_on_and_a_cancelled_one_has_ended()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var rotations = hub.Get<Rotations>();
        var plan = await StartedAsync(hub);
        await LookAsync(hub, 6);
        Assert.Equal(RotationStates.Paused, (await rotations.PauseAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).Value.State);
        Assert.Equal(HubErrors.InvalidOperation.Code, (await rotations.PauseAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).Error!.Code);
        await LookAsync(hub, 20);
        Assert.Equal(0, await RenewalsAsync(hub));

        Assert.Equal(RotationStates.Running, (await rotations.ResumeAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).Value.State);
        await LookAsync(hub, 6);
        Assert.Equal(0, await RenewalsAsync(hub));
        await LookAsync(hub, 1);
        Assert.Equal(1, await RenewalsAsync(hub));

        var (keys, cancelled) = (await KeysAsync(hub), (await rotations.CancelAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).Value);
        Assert.Equal(RotationStates.Cancelled, cancelled.State);
        Assert.Contains("primary key stays good", cancelled.Message, StringComparison.Ordinal);
        await LookAsync(hub, 20);
        Assert.Equal((keys.PrimaryKey, keys.SecondaryKey), ((await KeysAsync(hub)).PrimaryKey, (await KeysAsync(hub)).SecondaryKey));
        Assert.Equal(HubErrors.InvalidOperation.Code, (await rotations.ResumeAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).Error!.Code);
        Assert.Equal(HubErrors.GenericNotFound.Code, (await rotations.StartAsync(hub.Hub, "none", HubHost.Actor, Token)).Error!.Code);
    }

    [Fact]
    public async Task A_plan_ends_where_it_is_when_its_policy_is_changed_by_somebody_else()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await StartedAsync(hub);
        await LookAsync(hub, 2);
        Assert.True((await hub.Get<SharedAccessPolicies>().RenewKeyAsync(hub.Hub, Policy, KeyRenewal.Swap, IfMatch.Any, HubHost.Actor, Token)).IsOk);

        await LookAsync(hub, 20);

        Assert.Equal((1, RotationStates.Failed), (await RenewalsAsync(hub), (await FindAsync(hub, plan)).State));
        Assert.Contains("Make a new one", (await FindAsync(hub, plan)).Message, StringComparison.Ordinal);
        await StartedAsync(hub);
    }

    [Fact]
    public async Task What_is_wrong_with_a_plan_is_said_a_second_one_is_refused_and_a_drill_makes_none()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var rotations = hub.Get<Rotations>();
        foreach (var (input, code, word) in new (RotationInput, int, string)[]
        {
            (new(), HubErrors.ArgumentInvalid.Code, "kind"),
            (Input() with { Policy = "" }, HubErrors.ArgumentInvalid.Code, "policy"),
            (Input() with { Policy = "none" }, HubErrors.GenericNotFound.Code, "none"),
            (Input() with { FirstKey = "primary" }, HubErrors.ArgumentInvalid.Code, "firstKey"),
            (Input() with { UnusedForSeconds = 9 }, HubErrors.ArgumentInvalid.Code, "unusedForSeconds"),
            (Input() with { UnusedForSeconds = 34_560_001 }, HubErrors.ArgumentInvalid.Code, "unusedForSeconds"),
            (Input() with { AtLatestSeconds = 9 }, HubErrors.ArgumentInvalid.Code, "atLatestSeconds"),
        })
        {
            var refused = await rotations.CreateAsync(hub.Hub, input, false, HubHost.Actor, Token);
            Assert.True(!refused.IsOk && refused.Error.Code == code && refused.Error.Message.Contains(word, StringComparison.Ordinal), $"{input}: {refused.Error?.Message}");
        }

        await UsedAsync(hub, CredentialName.SecondaryKey);
        var drill = (await rotations.CreateAsync(hub.Hub, Input(), true, HubHost.Actor, Token)).Value;
        Assert.Equal((null, CredentialName.PrimaryKey), (drill.Id, drill.FirstKey));
        Assert.Empty(await rotations.ListAsync(hub.Hub, Token));
        Assert.Empty(await hub.AuditedAsync());

        var plan = await StartedAsync(hub, Input() with { UnusedForSeconds = 10, AtLatestSeconds = 34_560_000 });
        var second = await rotations.CreateAsync(hub.Hub, Input(), false, HubHost.Actor, Token);
        Assert.Equal(HubErrors.GenericConflict.Code, second.Error!.Code);
        Assert.Contains(plan.Id!, second.Error.Message, StringComparison.Ordinal);
        await StartedAsync(hub, Input() with { Policy = "device" });
        Assert.Equal(2, (await rotations.ListAsync(hub.Hub, Token)).Count);
    }

    private static RotationInput Input() => new() { Kind = Rotations.PolicyKey, Policy = Policy, UnusedForSeconds = 60 };

    internal static RotationRunner Node(HubHost hub, TimeProvider? time = null) => new(hub.Get<EngineParts>(), time ?? hub.Time, NullLogger<RotationRunner>.Instance);

    private static async Task<RotationPlan> StartedAsync(HubHost hub, RotationInput? input = null)
    {
        var made = (await hub.Get<Rotations>().CreateAsync(hub.Hub, input ?? Input(), false, HubHost.Actor, Token)).Value;
        return (await hub.Get<Rotations>().StartAsync(hub.Hub, made.Id!, HubHost.Actor, Token)).Value;
    }

    private static async Task LookAsync(HubHost hub, int rounds, RotationRunner? node = null)
    {
        for (var i = 0; i < rounds; i++)
        {
            hub.Time.Advance(Look);
            await (node ?? hub.Get<RotationRunner>()).RunAsync(Token);
        }
    }

    private static async Task<RotationPlan> FindAsync(HubHost hub, RotationPlan plan) => (await hub.Get<Rotations>().FindAsync(hub.Hub, plan.Id!, Token)).Value;

    private static async Task<AccessPolicy> KeysAsync(HubHost hub) => (await hub.Get<SharedAccessPolicies>().FindAsync(hub.Hub, Policy, Token)).Value;

    private static async Task<IReadOnlyList<string>> ActionsAsync(HubHost hub) =>
        [.. (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Where(entry => entry.Fields.Actor.StartsWith(HubHost.Actor, StringComparison.Ordinal)).Select(entry => entry.Fields.Action)];

    private static async Task<long> RenewalsAsync(HubHost hub) => (await ActionsAsync(hub)).Count(action => action == "policy.regenerate-key");

    internal static async Task UsedAsync(HubHost hub, string key, string policy = Policy) => hub.Get<UseRecorder>().Used(await PrincipalAsync(hub, key, policy), Client);

    /// <summary>As Identity makes it.</summary>
    private static async Task<Principal> PrincipalAsync(HubHost hub, string key, string policy = Policy)
    {
        var credentials = (await hub.Get<ICredentialSource>().FindPolicyAsync(hub.Hub, policy, Token))!;
        return new Principal
        {
            Hub = hub.Hub,
            PolicyName = policy,
            Rights = credentials.Rights,
            Method = AuthenticationMethod.PolicyKey,
            Credential = key,
            CredentialName = CredentialName.OfPolicy(policy, key),
            CredentialMark = (key == CredentialName.PrimaryKey ? credentials.PrimaryKey : credentials.SecondaryKey).Mark,
        };
    }

    private sealed class Sessions(params Principal[] open) : ILiveUses
    {
        public IReadOnlyList<LiveUse> Of(HubName hub) => [.. open.Where(each => each.Hub == hub).Select(each => new LiveUse(each, "1.3"))];
    }
}
