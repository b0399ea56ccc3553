using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Rotation;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteScheduledRotationTests() : ScheduledRotationSuite(null);

public sealed class PostgresScheduledRotationTests(PostgresServer server) : ScheduledRotationSuite(server);

/// <summary>Plans that begin by themselves: when, on how many nodes, and what becomes of those that would not be made any more.</summary>
public abstract class ScheduledRotationSuite(PostgresServer? server)
{
    private const string Policy = "service";
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plan_waits_for_its_time_and_begins_by_itself_and_a_cancelled_one_never()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await MadeAsync(hub, Input() with { BeginAt = "2026-11-24T09:10:00+01:00" });
        var cancelled = await MadeAsync(hub, Input("device") with { BeginInSeconds = 600 });
        Assert.Equal((RotationStates.Waiting, new DateTimeOffset(2026, 11, 24, 8, 10, 0, TimeSpan.Zero)), (plan.State, plan.Begins));
        Assert.Contains("2026-11-24 08:10:00Z", plan.Message, StringComparison.Ordinal);
        Assert.Equal(RotationStates.Cancelled, (await hub.Get<Rotations>().CancelAsync(hub.Hub, cancelled.Id!, HubHost.Actor, Token)).Value.State);

        await LookAsync(hub, 59);
        Assert.Equal((RotationStates.Waiting, 0), (await StateAsync(hub, plan), await CountAsync(hub, "rotation.begin")));
        await LookAsync(hub, 1);
        Assert.Equal((RotationStates.Running, 1), (await StateAsync(hub, plan), await CountAsync(hub, "rotation.begin")));
        await LookAsync(hub, 13);
        Assert.Equal((RotationStates.Done, RotationStates.Cancelled), (await StateAsync(hub, plan), await StateAsync(hub, cancelled)));
        Assert.Equal(2, await CountAsync(hub, "policy.regenerate-key"));
    }

    [Fact]
    public async Task A_plan_that_waits_may_be_started_before_its_time_and_keeps_others_away()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await MadeAsync(hub, Input() with { BeginInSeconds = 86_400 });
        Assert.Equal(HubErrors.GenericConflict.Code, (await hub.Get<Rotations>().CreateAsync(hub.Hub, Input(), false, HubHost.Actor, Token)).Error!.Code);
        Assert.Equal(HubErrors.InvalidOperation.Code, (await hub.Get<Rotations>().PauseAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).Error!.Code);

        Assert.Equal(RotationStates.Running, (await hub.Get<Rotations>().StartAsync(hub.Hub, plan.Id!, HubHost.Actor, Token)).Value.State);
    }

    [Theory]
    [InlineData(false, "changed by somebody else")]
    [InlineData(true, "deleted")]
    public async Task A_policy_that_was_changed_or_deleted_meanwhile_ends_its_plan_with_the_reason(bool isDeleted, string reason)
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await MadeAsync(hub, Input() with { BeginInSeconds = 60 });
        var policies = hub.Get<SharedAccessPolicies>();
        Assert.True(isDeleted
            ? (await policies.DeleteAsync(hub.Hub, Policy, IfMatch.Any, HubHost.Actor, Token)).IsOk
            : (await policies.RenewKeyAsync(hub.Hub, Policy, KeyRenewal.Primary, IfMatch.Any, HubHost.Actor, Token)).IsOk);
        var renewed = await CountAsync(hub, "policy.regenerate-key");

        await LookAsync(hub, 30);

        var ended = (await hub.Get<Rotations>().FindAsync(hub.Hub, plan.Id!, Token)).Value;
        Assert.Equal((RotationStates.Failed, renewed), (ended.State, await CountAsync(hub, "policy.regenerate-key")));
        Assert.Contains(reason, ended.Message, StringComparison.Ordinal);
        Assert.Contains("nothing was changed", ended.Message, StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync(hub, "rotation.fail"));
    }

    [Fact]
    public async Task Devices_that_have_changed_are_left_alone_and_without_any_other_the_plan_ends()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        foreach (var id in new[] { "a", "b", "c", "d" })
        {
            Assert.True((await hub.PutAsync(id)).IsOk);
        }

        var some = await MadeAsync(hub, new RotationInput { Kind = Rotations.DeviceKey, Devices = ["a", "b"], UnusedForSeconds = 60, BeginInSeconds = 60 });
        var none = await MadeAsync(hub, new RotationInput { Kind = Rotations.DeviceKey, Devices = ["c", "d"], UnusedForSeconds = 60, BeginInSeconds = 60 });
        Assert.True((await hub.Get<KeyRegeneration>().RunAsync(hub.Hub, HubHost.Actor, RegeneratedKey.Primary, [HubHost.Key("a"), HubHost.Key("c")], Token)).Value.All(each => each.IsOk));
        Assert.True((await hub.DeleteAsync("d", IfMatch.Any)).IsOk);

        await LookAsync(hub, 7);

        var (begun, ended) = ((await hub.Get<Rotations>().FindAsync(hub.Hub, some.Id!, Token)).Value, (await hub.Get<Rotations>().FindAsync(hub.Hub, none.Id!, Token)).Value);
        Assert.Equal((RotationStates.Running, 1L, 1L), (begun.State, begun.Progress!.Skipped, begun.Progress.Open));
        Assert.Equal((RotationStates.Failed, 2L), (ended.State, ended.Progress!.Skipped));
        Assert.Contains("Nobody is left", ended.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_begins_nothing_until_it_has_gone_steadily_and_one_that_is_set_back_begins_nothing_twice()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var clock = new JumpingClock(hub.Time);
        var node = RotationSuite.Node(hub, clock);
        var plan = await MadeAsync(hub, Input() with { BeginInSeconds = 3_600 });
        await LookAsync(hub, 1, node);

        clock.Ahead = TimeSpan.FromDays(3);
        await LookAsync(hub, 30, node);
        Assert.Equal(RotationStates.Waiting, await StateAsync(hub, plan));

        // Set right, it goes by the right time once it is steady: an hour after the plan was made.
        clock.Ahead = TimeSpan.Zero;
        await LookAsync(hub, 328, node);
        Assert.Equal(RotationStates.Waiting, await StateAsync(hub, plan));
        await LookAsync(hub, 1, node);
        Assert.Equal(RotationStates.Running, await StateAsync(hub, plan));

        clock.Ahead = TimeSpan.FromDays(-1);
        await LookAsync(hub, 100, node);
        Assert.Equal((RotationStates.Done, 1), (await StateAsync(hub, plan), await CountAsync(hub, "rotation.begin")));

        // A jump that stays is believed in the end.
        var other = await MadeAsync(hub, Input("device") with { BeginInSeconds = 86_400 });
        clock.Ahead = TimeSpan.FromDays(3);
        await LookAsync(hub, 58, node);
        Assert.Equal(RotationStates.Waiting, await StateAsync(hub, other));
        await LookAsync(hub, 5, node);
        Assert.Equal(RotationStates.Running, await StateAsync(hub, other));
    }

    [Theory]
    [InlineData("begin")]
    [InlineData("looked-again")]
    [InlineData("begun")]
    public async Task A_crash_leaves_the_plan_waiting_and_of_other_nodes_one_begins_it(string step)
    {
        await using var hub = await HubHost.StartAsync(server: server);
        Assert.True((await hub.PutAsync("a")).IsOk);
        var plan = await MadeAsync(hub, new RotationInput { Kind = Rotations.DeviceKey, Devices = ["a"], UnusedForSeconds = 60, BeginInSeconds = 60 });
        var crashing = RotationSuite.Node(hub);
        var crashed = false;
        crashing.Look.Before = at =>
        {
            if (at == step)
            {
                crashed = true;
                throw new IOException("crash");
            }
        };
        for (var round = 0; !crashed; round++)
        {
            Assert.True(round < 10);
            hub.Time.Advance(Look);
            await Record.ExceptionAsync(() => crashing.RunAsync(Token));
        }

        Assert.Equal((RotationStates.Waiting, 0), (await StateAsync(hub, plan), await CountAsync(hub, "rotation.begin")));
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        var (one, other) = (RotationSuite.Node(hub), RotationSuite.Node(hub));
        await Task.WhenAll(one.RunAsync(Token), other.RunAsync(Token));
        Assert.Equal((RotationStates.Running, 1), (await StateAsync(hub, plan), await CountAsync(hub, "rotation.begin")));
    }

    [Fact]
    public async Task The_key_that_goes_first_is_chosen_once_more_unless_somebody_chose_it()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var plan = await MadeAsync(hub, Input() with { BeginInSeconds = 60 });
        var given = await MadeAsync(hub, Input("device") with { BeginInSeconds = 60, FirstKey = CredentialName.SecondaryKey });
        Assert.Equal((CredentialName.SecondaryKey, CredentialName.SecondaryKey), (plan.FirstKey, given.FirstKey));
        await RotationSuite.UsedAsync(hub, CredentialName.SecondaryKey, Policy);
        await RotationSuite.UsedAsync(hub, CredentialName.SecondaryKey, "device");

        await LookAsync(hub, 6);

        Assert.Equal(CredentialName.PrimaryKey, (await hub.Get<Rotations>().FindAsync(hub.Hub, plan.Id!, Token)).Value.FirstKey);
        Assert.Equal(CredentialName.SecondaryKey, (await hub.Get<Rotations>().FindAsync(hub.Hub, given.Id!, Token)).Value.FirstKey);
    }

    [Theory]
    [InlineData("2026-11-24T09:00:00", null, "with its zone")]
    [InlineData("tomorrow", null, "with its zone")]
    [InlineData("2026-11-24T07:59:59Z", null, "has passed")]
    [InlineData("2028-11-24T09:00:00Z", null, "400 days")]
    [InlineData("2026-11-25T09:00:00Z", 60L, "exclude each other")]
    [InlineData(null, 0L, "beginInSeconds")]
    [InlineData(null, 34_560_001L, "beginInSeconds")]
    public async Task What_is_wrong_with_the_time_is_said(string? at, long? seconds, string word)
    {
        await using var hub = await HubHost.StartAsync(server: server);

        var refused = await hub.Get<Rotations>().CreateAsync(hub.Hub, Input() with { BeginAt = at, BeginInSeconds = seconds }, false, HubHost.Actor, Token);

        Assert.Equal(HubErrors.ArgumentInvalid.Code, refused.Error!.Code);
        Assert.Contains(word, refused.Error.Message, StringComparison.Ordinal);
    }

    private static RotationInput Input(string policy = Policy) => new() { Kind = Rotations.PolicyKey, Policy = policy, UnusedForSeconds = 60 };

    private static async Task<RotationPlan> MadeAsync(HubHost hub, RotationInput input) => (await hub.Get<Rotations>().CreateAsync(hub.Hub, input, false, HubHost.Actor, Token)).Value;

    private static async Task<string> StateAsync(HubHost hub, RotationPlan plan) => (await hub.Get<Rotations>().FindAsync(hub.Hub, plan.Id!, Token)).Value.State;

    private static async Task<int> CountAsync(HubHost hub, string action) =>
        (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Count(entry => entry.Fields.Action == action);

    private static async Task LookAsync(HubHost hub, int rounds, RotationRunner? node = null)
    {
        for (var i = 0; i < rounds; i++)
        {
            hub.Time.Advance(Look);
            await (node ?? hub.Get<RotationRunner>()).RunAsync(Token);
        }
    }
}
