using Dapper;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Rotation;
using Gatehouse.Hub.Rotation.Rules;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Rotation;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteRotationRuleTests() : RotationRuleSuite(null);

public sealed class PostgresRotationRuleTests(PostgresServer server) : RotationRuleSuite(server);

/// <summary>Rules of a maximum age: what gets a plan by itself, how many at once, and what is said of keys that cannot be rotated.</summary>
public abstract class RotationRuleSuite(PostgresServer? server)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_of_policies_that_are_over_age_get_a_plan_each_and_are_young_afterwards()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var before = await hub.Get<SharedAccessPolicies>().ListAsync(hub.Hub, Token);
        var rule = await SetAsync(hub, Rotations.PolicyKey, new RuleInput { MaxAgeSeconds = 600, UnusedForSeconds = 60 });
        Assert.Equal((0L, 10L, hub.Time.GetUtcNow().UtcDateTime.AddSeconds(600)), (rule.OverAge, rule.AtOnce, rule.NextDue!.Value));

        await LookAsync(hub, 60);
        Assert.Empty(await PlansAsync(hub));
        await LookAsync(hub, 1);
        var plans = await PlansAsync(hub);
        Assert.Equal(before.Select(each => each.Name).Order(StringComparer.Ordinal), plans.Select(each => each.Subject).Order(StringComparer.Ordinal));
        Assert.All(plans, each => Assert.Equal((true, RotationStates.Running, 60d), (each.IsByRule, each.State, each.UnusedFor.TotalSeconds)));
        Assert.Equal((5, 5), (await CountAsync(hub, "rotation.create"), await CountAsync(hub, "rotation.begin")));
        Assert.Equal(5L, (await RuleAsync(hub, Rotations.PolicyKey)).OverAge);

        // The last policy with all rights waits until somebody has used its new key.
        await LookAsync(hub, 14);
        Assert.Equal(["iothubowner"], (await PlansAsync(hub)).Where(each => each.State != RotationStates.Done).Select(each => each.Subject));
        var after = await hub.Get<SharedAccessPolicies>().ListAsync(hub.Hub, Token);
        Assert.All(before.Where(each => each.Name != "iothubowner"), each =>
        {
            var now = after.Single(other => other.Name == each.Name);
            Assert.True(now.PrimaryKey != each.PrimaryKey && now.SecondaryKey != each.SecondaryKey, each.Name);
        });
        Assert.Equal(1L, (await RuleAsync(hub, Rotations.PolicyKey)).OverAge);
        await LookAsync(hub, 30);
        Assert.Equal(5, (await PlansAsync(hub)).Count);
        var due = await DueAsync(hub, Rotations.PolicyKey);
        Assert.Equal(("iothubowner", "in-plan"), (due[0].Subject, due[0].State));
        Assert.All(due.Skip(1), each => Assert.Equal("later", each.State));
    }

    [Fact]
    public async Task A_key_grows_no_younger_when_it_is_written_once_more_or_swapped()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var device = (await hub.PutAsync("a")).Value;
        var policies = hub.Get<SharedAccessPolicies>();
        var policy = (await policies.FindAsync(hub.Hub, "service", Token)).Value;
        await SetAsync(hub, Rotations.DeviceKey, new RuleInput { MaxAgeSeconds = 86_400, UnusedForSeconds = 60 });
        await SetAsync(hub, Rotations.PolicyKey, new RuleInput { MaxAgeSeconds = 86_400, UnusedForSeconds = 60 });
        var made = hub.Time.GetUtcNow().UtcDateTime;
        hub.Time.Advance(TimeSpan.FromHours(1));

        Assert.True((await hub.PutAsync("a", IfMatch.Any, input => input with { Authentication = new AuthenticationInput { PrimaryKey = device.PrimaryKey, SecondaryKey = device.SecondaryKey } })).IsOk);
        Assert.True((await hub.Get<KeyRegeneration>().RunAsync(hub.Hub, HubHost.Actor, RegeneratedKey.Swap, [HubHost.Key("a")], Token)).Value[0].IsOk);
        Assert.True((await policies.PutAsync(hub.Hub, "service", new AccessPolicyChange { Rights = policy.Rights, PrimaryKey = policy.SecondaryKey, SecondaryKey = policy.PrimaryKey }, IfMatch.Any, HubHost.Actor, Token)).IsOk);
        Assert.True((await policies.RenewKeyAsync(hub.Hub, "service", KeyRenewal.Swap, IfMatch.Any, HubHost.Actor, Token)).IsOk);
        Assert.Equal(made, Assert.Single(await DueAsync(hub, Rotations.DeviceKey)).Made);
        Assert.Equal(made, (await DueAsync(hub, Rotations.PolicyKey)).Single(each => each.Subject == "service").Made);

        // The older of the two counts.
        await hub.Get<KeyRegeneration>().RunAsync(hub.Hub, HubHost.Actor, RegeneratedKey.Primary, [HubHost.Key("a")], Token);
        Assert.Equal(made, Assert.Single(await DueAsync(hub, Rotations.DeviceKey)).Made);
        await hub.Get<KeyRegeneration>().RunAsync(hub.Hub, HubHost.Actor, RegeneratedKey.Secondary, [HubHost.Key("a")], Token);
        Assert.Equal(made.AddHours(1), Assert.Single(await DueAsync(hub, Rotations.DeviceKey)).Made);
    }

    [Fact]
    public async Task Keys_of_which_no_time_is_known_count_from_when_they_are_first_seen()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("a");
        await ExecuteAsync(hub, "UPDATE identities SET primary_made = 0, secondary_made = 0");
        await ExecuteAsync(hub, "UPDATE policies SET primary_made = 0");
        hub.Time.Advance(TimeSpan.FromHours(1));
        await SetAsync(hub, Rotations.DeviceKey, new RuleInput { MaxAgeSeconds = 86_400 * 3 });
        await SetAsync(hub, Rotations.PolicyKey, new RuleInput { MaxAgeSeconds = 86_400 * 3 });

        await LookAsync(hub, 1);
        var seen = hub.Time.GetUtcNow().UtcDateTime;
        await LookAsync(hub, 30);

        Assert.Equal(seen, Assert.Single(await DueAsync(hub, Rotations.DeviceKey)).Made);
        Assert.Empty(await PlansAsync(hub));
    }

    [Fact]
    public async Task Devices_go_by_turns_the_oldest_first_and_never_more_at_once_than_the_rule_allows()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var ids = Enumerable.Range(0, 7).Select(i => $"d{i}").ToArray();
        foreach (var id in ids)
        {
            Assert.True((await hub.PutAsync(id)).IsOk);
            hub.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True((await hub.PutAsync("d0/m")).IsOk);
        Assert.True((await hub.PutAsync("x", null, input => input with { Authentication = new AuthenticationInput { Type = "certificateAuthority" } })).IsOk);
        var rule = await SetAsync(hub, Rotations.DeviceKey, new RuleInput { MaxAgeSeconds = 600, UnusedForSeconds = 60, AtOnce = 3, Canary = 1, Tell = true });
        Assert.Equal((600L, 1L, true), (rule.AtLatestSeconds!.Value, rule.Canary, rule.Tell));
        hub.Time.Advance(TimeSpan.FromMinutes(10));

        await LookAsync(hub, 1);
        var plan = (await hub.Get<Rotations>().FindAsync(hub.Hub, Assert.Single(await PlansAsync(hub)).Id!, Token)).Value;
        Assert.Equal((3L, 1L, true, RotationStates.Running), (plan.Progress!.Open, plan.Canary!.Open, plan.Tells, plan.State));
        var due = await DueAsync(hub, Rotations.DeviceKey);
        Assert.Equal(["d0", "d1", "d2"], due.Where(each => each.Plan == plan.Id).Select(each => each.Subject));
        Assert.Equal(8, due.Count);
        Assert.Contains("3 of at most 3", (await RuleAsync(hub, Rotations.DeviceKey)).Message, StringComparison.Ordinal);
        await LookAsync(hub, 5);
        Assert.Single(await PlansAsync(hub));

        // The canary uses its new key, then the others: their places are free again.
        for (var i = 0; i < 60 && (await PlansAsync(hub)).Count < 3; i++)
        {
            await LookAsync(hub, 1);
            foreach (var id in ids)
            {
                await FleetRotationSuite.UsedAsync(hub, id, CredentialName.SecondaryKey, isOnlyWhenNew: true);
            }

            Assert.True(await BusyAsync(hub) <= 3);
        }

        Assert.Equal(3, (await PlansAsync(hub)).Count);
        var members = await MembersAsync(hub);
        Assert.Equal(members.Count, members.Distinct().Count());
    }

    [Fact]
    public async Task A_paused_plan_holds_its_rule_and_what_is_overdue_is_counted_and_told_with_the_reason()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("a");
        await SetAsync(hub, Rotations.DeviceKey, new RuleInput { MaxAgeSeconds = 600, UnusedForSeconds = 60, AtLatestSeconds = 86_400 });
        await LookAsync(hub, 61);
        var plan = Assert.Single(await PlansAsync(hub));
        Assert.True((await hub.Get<Rotations>().PauseAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).IsOk);
        await hub.PutAsync("b");
        await LookAsync(hub, 70);

        var rule = await RuleAsync(hub, Rotations.DeviceKey);
        Assert.Single(await PlansAsync(hub));
        Assert.Equal((2L, 1L), (rule.OverAge, rule.Overdue));
        Assert.Contains(plan.Id!, rule.Message, StringComparison.Ordinal);
        Assert.Contains("paused", rule.Message, StringComparison.Ordinal);

        // Cancelled: it is tried again, but not at once.
        Assert.True((await hub.Get<Rotations>().CancelAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).IsOk);
        await ExecuteAsync(hub, $"UPDATE rotation_tries SET retry = {hub.Time.GetUtcNow().AddMinutes(5).UtcTicks} WHERE subject = 'a'");
        await LookAsync(hub, 2);
        var due = await DueAsync(hub, Rotations.DeviceKey);
        Assert.Equal(("tried", "in-plan"), (due.Single(each => each.Subject == "a").State, due.Single(each => each.Subject == "b").State));
        Assert.Contains(plan.Id!, due.Single(each => each.Subject == "a").Reason!, StringComparison.Ordinal);
        await LookAsync(hub, 40);
        Assert.Equal("in-plan", (await DueAsync(hub, Rotations.DeviceKey)).Single(each => each.Subject == "a").State);
    }

    [Fact]
    public async Task A_policy_with_a_plan_of_the_operators_gets_no_second_one()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var own = (await hub.Get<Rotations>().CreateAsync(hub.Hub, new RotationInput { Kind = Rotations.PolicyKey, Policy = "service" }, false, HubHost.Actor, Token)).Value;
        await SetAsync(hub, Rotations.PolicyKey, new RuleInput { MaxAgeSeconds = 600, UnusedForSeconds = 60, AtOnce = 2 });

        await LookAsync(hub, 61);
        Assert.Equal(3, (await PlansAsync(hub)).Count);
        await LookAsync(hub, 120);

        Assert.Equal(own.Id, Assert.Single(await PlansAsync(hub), each => each.Subject == "service").Id);
        Assert.Equal(5, (await PlansAsync(hub)).Select(each => each.Subject).Distinct().Count());
    }

    [Theory]
    [InlineData("look", Rotations.PolicyKey)]
    [InlineData("made", Rotations.PolicyKey)]
    [InlineData("made", Rotations.DeviceKey)]
    public async Task A_crash_makes_no_plan_twice_and_another_node_goes_on_and_two_nodes_make_no_more_than_one(string step, string kind)
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("a");
        await hub.PutAsync("b");
        await SetAsync(hub, kind, new RuleInput { MaxAgeSeconds = 600, UnusedForSeconds = 60 });
        var crashing = RotationSuite.Node(hub);
        var crashed = false;
        crashing.Rules.Before = at =>
        {
            if (at == step && hub.Time.GetUtcNow() > HubStart.AddSeconds(600))
            {
                crashed = true;
                throw new IOException("crash");
            }
        };
        for (var round = 0; !crashed; round++)
        {
            Assert.True(round < 70);
            hub.Time.Advance(Look);
            await Record.ExceptionAsync(() => crashing.RunAsync(Token));
        }

        // Until the lease of the one that died has run out.
        var (one, other) = (RotationSuite.Node(hub), RotationSuite.Node(hub));
        for (var i = 0; i < 20; i++)
        {
            hub.Time.Advance(Look);
            await Task.WhenAll(one.RunAsync(Token), other.RunAsync(Token));
        }

        var plans = await PlansAsync(hub);
        Assert.Equal(kind == Rotations.PolicyKey ? 5 : 1, plans.Count);
        Assert.All(plans, each => Assert.True(each.IsByRule && each.State is RotationStates.Running or RotationStates.Done, each.State));
        Assert.Equal(plans.Count, await CountAsync(hub, "rotation.begin"));
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_makes_no_plans()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var clock = new JumpingClock(hub.Time);
        var node = RotationSuite.Node(hub, clock);
        await SetAsync(hub, Rotations.PolicyKey, new RuleInput { MaxAgeSeconds = 86_400, UnusedForSeconds = 60 });
        await LookAsync(hub, 1, node);
        clock.Ahead = TimeSpan.FromDays(300);
        await LookAsync(hub, 40, node);
        Assert.Contains("clock has jumped", (await RuleAsync(hub, Rotations.PolicyKey)).Message, StringComparison.Ordinal);
        clock.Ahead = TimeSpan.Zero;
        await LookAsync(hub, 100, node);
        Assert.Empty(await PlansAsync(hub));
        Assert.Contains("0 of at most 10", (await RuleAsync(hub, Rotations.PolicyKey)).Message, StringComparison.Ordinal);

        // One that is set back makes them later, not never.
        clock.Ahead = TimeSpan.FromHours(-1);
        hub.Time.Advance(TimeSpan.FromDays(1));
        await LookAsync(hub, 200, node);
        Assert.Empty(await PlansAsync(hub));
        await LookAsync(hub, 100, node);
        Assert.Equal(5, (await PlansAsync(hub)).Count);
    }

    [Fact]
    public async Task A_rule_that_is_removed_makes_no_more_plans_and_those_it_has_made_go_on()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var rules = hub.Get<RotationRules>();
        await SetAsync(hub, Rotations.PolicyKey, new RuleInput { MaxAgeSeconds = 600, UnusedForSeconds = 60, AtOnce = 1 });
        await LookAsync(hub, 61);
        Assert.Single(await PlansAsync(hub));
        Assert.True((await rules.RemoveAsync(hub.Hub, Rotations.PolicyKey, HubHost.Actor, Token)).IsOk);
        await LookAsync(hub, 60);

        Assert.Equal(RotationStates.Done, Assert.Single(await PlansAsync(hub)).State);
        Assert.Empty(await rules.ListAsync(hub.Hub, Token));
        Assert.Equal(HubErrors.GenericNotFound.Code, (await rules.RemoveAsync(hub.Hub, Rotations.PolicyKey, HubHost.Actor, Token)).Error!.Code);
        Assert.Equal((1, 1), (await CountAsync(hub, "rotation.rule.set"), await CountAsync(hub, "rotation.rule.remove")));
    }

    [Fact]
    public async Task What_is_wrong_with_a_rule_is_said()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var good = new RuleInput { MaxAgeSeconds = 86_400, UnusedForSeconds = 3_600 };
        foreach (var (kind, input, word) in new (string, RuleInput, string)[]
        {
            (Rotations.Ca, good, "There are rules for"),
            ("group-key", good, "There are rules for"),
            (Rotations.PolicyKey, new(), "maxAgeSeconds"),
            (Rotations.PolicyKey, good with { MaxAgeSeconds = 59 }, "maxAgeSeconds"),
            (Rotations.PolicyKey, good with { MaxAgeSeconds = 315_360_001 }, "maxAgeSeconds"),
            (Rotations.PolicyKey, good with { UnusedForSeconds = 9 }, "unusedForSeconds"),
            (Rotations.PolicyKey, good with { UnusedForSeconds = 43_201 }, "twice"),
            (Rotations.PolicyKey, good with { AtLatestSeconds = 9 }, "atLatestSeconds"),
            (Rotations.PolicyKey, good with { AtOnce = 0 }, "atOnce"),
            (Rotations.PolicyKey, good with { AtOnce = 10_001 }, "atOnce"),
            (Rotations.PolicyKey, good with { Tell = true }, "tell"),
            (Rotations.DeviceKey, good with { Canary = 1_001 }, "canary"),
        })
        {
            var refused = await hub.Get<RotationRules>().SetAsync(hub.Hub, kind, input, HubHost.Actor, Token);
            Assert.True(!refused.IsOk && refused.Error.Code == HubErrors.ArgumentInvalid.Code && refused.Error.Message.Contains(word, StringComparison.Ordinal), $"{input}: {refused.Error?.Message}");
        }

        Assert.Empty(await hub.Get<RotationRules>().ListAsync(hub.Hub, Token));
        Assert.Equal(HubErrors.GenericNotFound.Code, (await hub.Get<RotationRules>().ListDueAsync(hub.Hub, Rotations.PolicyKey, 1, Token)).Error!.Code);
        Assert.Equal(HubErrors.ArgumentInvalid.Code, (await hub.Get<RotationRules>().ListDueAsync(hub.Hub, Rotations.PolicyKey, 1_001, Token)).Error!.Code);
    }

    private static readonly DateTimeOffset HubStart = new(2026, 11, 24, 8, 0, 0, TimeSpan.Zero);

    private static async Task<RuleView> SetAsync(HubHost hub, string kind, RuleInput input) => (await hub.Get<RotationRules>().SetAsync(hub.Hub, kind, input, HubHost.Actor, Token)).Value;

    private static async Task<RuleView> RuleAsync(HubHost hub, string kind) => (await hub.Get<RotationRules>().ListAsync(hub.Hub, Token)).Single(each => each.Kind == kind);

    private static async Task<IReadOnlyList<DueView>> DueAsync(HubHost hub, string kind) => (await hub.Get<RotationRules>().ListDueAsync(hub.Hub, kind, 100, Token)).Value;

    private static Task<IReadOnlyList<RotationPlan>> PlansAsync(HubHost hub) => hub.Get<Rotations>().ListAsync(hub.Hub, Token);

    private static async Task<int> CountAsync(HubHost hub, string action) =>
        (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Count(entry => entry.Fields.Action == action);

    private static Task<long> BusyAsync(HubHost hub) => hub.Get<Database>().ReadAsync(
        static (connection, cancel) => connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT COUNT(*) FROM rotation_members WHERE is_open = 1", cancellationToken: cancel)), Token);

    private static async Task<IReadOnlyList<string>> MembersAsync(HubHost hub) => await hub.Get<Database>().ReadAsync(
        static async (connection, cancel) => (IReadOnlyList<string>)[.. await connection.QueryAsync<string>(new CommandDefinition("SELECT device_id || '/' || module_id FROM rotation_members", cancellationToken: cancel))], Token);

    private static async Task ExecuteAsync(HubHost hub, string sql) => await hub.Get<Database>().WriteAsync<bool>(
        async (write, cancel) =>
        {
            await write.Connection.ExecuteAsync(new CommandDefinition(sql, transaction: write.Transaction, cancellationToken: cancel));
            return true;
        },
        Token);

    private static async Task LookAsync(HubHost hub, int rounds, RotationRunner? node = null)
    {
        for (var i = 0; i < rounds; i++)
        {
            hub.Time.Advance(Look);
            await (node ?? hub.Get<RotationRunner>()).RunAsync(Token);
        }
    }
}
