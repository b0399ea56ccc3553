using Gatehouse.Hub.Configurations;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Hub.Tests.Configurations;

public sealed class SqliteApplicationTests() : ApplicationSuite(null);

public sealed class PostgresApplicationTests(PostgresServer server) : ApplicationSuite(server);

/// <summary>What configurations make of twins, and take back, on both databases.</summary>
public abstract class ApplicationSuite(PostgresServer? server)
{
    private const string A1 = """{"deviceContent":{"properties.desired.a":1}}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Devices_that_match_get_the_content_and_are_told_and_others_do_not()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1", "d2");
        await hub.PatchAsync("d1", """{"tags":{"env":"prod"},"properties":{"desired":{"mine":1}}}""");
        var told = new List<string>();
        using var watch = hub.Twins.Twins.WatchDesired(hub.Host.Hub, HubHost.Key("d1"), change => told.Add(System.Text.Encoding.UTF8.GetString(change.Json.Span)));
        await hub.AddAsync("c1", "tags.env='prod'", 1, """{"deviceContent":{"properties.desired.a.b":{"c":[1,2],"gone":null},"properties.desired.d":"x"}}""");

        await hub.SettleAsync();

        Assert.Equal("""{"a":{"b":{"c":[1,2]}},"d":"x","mine":1}""", await hub.DesiredAsync("d1"));
        Assert.Equal(("c1:Applied", "", "{}"), (await hub.StatusAsync("d1"), await hub.StatusAsync("d2"), await hub.DesiredAsync("d2")));
        Assert.Equal("""{"a":{"b":{"c":[1,2]}},"d":"x","$version":3}""", Assert.Single(told));
        Assert.Equal((4, 2), (await hub.VersionAsync("d1"), await hub.VersionAsync("d2")));
    }

    [Fact]
    public async Task New_devices_changed_tags_and_reports_are_noticed()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddAsync("all", "*", 0, A1);
        await hub.AddAsync("tagged", "tags.site.hall = 3", 1, """{"deviceContent":{"properties.desired.t":1}}""");
        await hub.AddAsync("reporting", "properties.reported.fw < 5", 2, """{"deviceContent":{"properties.desired.r":1}}""");
        await hub.SettleAsync();

        await hub.AddDevicesAsync("d1");
        await hub.SettleAsync();
        Assert.Equal("""{"a":1}""", await hub.DesiredAsync("d1"));
        await hub.PatchAsync("d1", """{"tags":{"site":{"hall":3}}}""");
        await hub.ReportAsync("d1", """{"fw":4}""");
        await hub.SettleAsync();
        Assert.Equal(("""{"a":1,"r":1,"t":1}""", "all:Applied reporting:Applied tagged:Applied"), (await hub.DesiredAsync("d1"), await hub.StatusAsync("d1")));
        await hub.PatchAsync("d1", """{"tags":{"site":null}}""");
        await hub.ReportAsync("d1", """{"fw":5}""");
        await hub.SettleAsync();
        Assert.Equal(("""{"a":1}""", "all:Applied"), (await hub.DesiredAsync("d1"), await hub.StatusAsync("d1")));
        Assert.True((await hub.Twins.ReplaceAsync("d1", """{"tags":{"site":{"hall":3}}}""")).IsOk);
        await hub.SettleAsync();
        Assert.Equal("""{"a":1,"t":1}""", await hub.DesiredAsync("d1"));
    }

    [Fact]
    public async Task What_decides_nothing_is_not_evaluated_and_what_changes_nothing_is_no_version()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1");
        await hub.AddAsync("c1", "tags.env='prod' OR properties.reported.fw = 1", 1, A1);
        await hub.SettleAsync();

        await hub.ReportAsync("d1", """{"temperature":21}""");
        await hub.PatchAsync("d1", """{"tags":{"other":1},"properties":{"desired":{"z":1}}}""");
        Assert.True(hub.Host.Get<PendingTwins>().IsEmpty);
        await hub.PatchAsync("d1", """{"tags":{"env":"prod"}}""");
        Assert.False(hub.Host.Get<PendingTwins>().IsEmpty);
        await hub.SettleAsync();
        var version = await hub.VersionAsync("d1");

        await hub.PatchAsync("d1", """{"tags":{"env":"prod"}}""");
        await hub.PutAsync("c1", """{"content":{"deviceContent":{"x":1}}}""", IfMatch.Any); // refused
        var changed = await hub.GetAsync("c1");
        Assert.True((await hub.PutAsync("c1", """{"content":{"deviceContent":{"properties.desired.a":1}},"targetCondition":"*","priority":3}""", IfMatch.Version(changed.ETag))).IsOk);
        await hub.SettleAsync();

        Assert.Equal(version + 1, await hub.VersionAsync("d1")); // the tag alone
        Assert.Equal("""{"a":1,"z":1}""", await hub.DesiredAsync("d1"));
    }

    [Fact]
    public async Task The_higher_priority_wins_then_the_later_one_and_what_none_contests_stays()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1");
        await hub.AddAsync("low", "*", 1, """{"deviceContent":{"properties.desired.a":"low","properties.desired.l":1}}""");
        await hub.AddAsync("first", "*", 5, """{"deviceContent":{"properties.desired.a":"first","properties.desired.t":1}}""");
        await hub.AddAsync("second", "*", 5, """{"deviceContent":{"properties.desired.a":"second","properties.desired.t":2}}""");
        await hub.SettleAsync();

        Assert.Equal("""{"a":"second","l":1,"t":2}""", await hub.DesiredAsync("d1"));
        Assert.Equal("first:Targeted low:Applied second:Applied", await hub.StatusAsync("d1"));

        await hub.PutAsync("second", """{"content":{"deviceContent":{"properties.desired.a":0}},"targetCondition":"*","priority":0}""", IfMatch.Any);
        await hub.SettleAsync();
        Assert.Equal("""{"a":"first","l":1,"t":1}""", await hub.DesiredAsync("d1"));
        Assert.Equal("first:Applied low:Applied second:Targeted", await hub.StatusAsync("d1"));
        await hub.DeleteAsync("first");
        await hub.SettleAsync();
        Assert.Equal(("""{"a":"low","l":1,"t":2}""", "low:Applied second:Applied"), (await hub.DesiredAsync("d1"), await hub.StatusAsync("d1")));
    }

    [Fact]
    public async Task Objects_that_overlap_are_laid_one_over_the_other()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1");
        await hub.AddAsync("whole", "*", 1, """{"deviceContent":{"properties.desired.o":{"p":1,"q":1}}}""");
        await hub.AddAsync("part", "*", 2, """{"deviceContent":{"properties.desired.o.p":2}}""");
        await hub.SettleAsync();
        Assert.Equal(("""{"o":{"p":2,"q":1}}""", "part:Applied whole:Applied"), (await hub.DesiredAsync("d1"), await hub.StatusAsync("d1")));

        await hub.PutAsync("part", """{"content":{"deviceContent":{"properties.desired.o":0}},"targetCondition":"*","priority":0}""", IfMatch.Any);
        await hub.SettleAsync();
        Assert.Equal(("""{"o":{"p":1,"q":1}}""", "part:Targeted whole:Applied"), (await hub.DesiredAsync("d1"), await hub.StatusAsync("d1")));
    }

    [Fact]
    public async Task A_deleted_configuration_takes_back_what_it_owns_and_nothing_else()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1");
        await hub.PatchAsync("d1", """{"properties":{"desired":{"o":{"mine":1}}}}""");
        await hub.AddAsync("c1", "*", 1, """{"deviceContent":{"properties.desired.o.theirs":1,"properties.desired.deep.er.still":true}}""");
        await hub.SettleAsync();
        Assert.Equal("""{"deep":{"er":{"still":true}},"o":{"mine":1,"theirs":1}}""", await hub.DesiredAsync("d1"));

        await hub.DeleteAsync("c1");
        await hub.SettleAsync();

        Assert.Equal(("""{"o":{"mine":1}}""", ""), (await hub.DesiredAsync("d1"), await hub.StatusAsync("d1")));
        Assert.Equal(0, await hub.ReadAsync<long>("SELECT COUNT(*) FROM configuration_targets"));
    }

    [Fact]
    public async Task What_a_back_end_writes_over_a_configuration_is_set_again()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1");
        await hub.AddAsync("c1", "*", 1, A1);
        await hub.SettleAsync();

        await hub.PatchAsync("d1", """{"properties":{"desired":{"a":7,"b":7}}}""");
        await hub.SettleAsync();

        Assert.Equal("""{"a":1,"b":7}""", await hub.DesiredAsync("d1"));
        Assert.Equal(5, await hub.VersionAsync("d1"));
    }

    [Fact]
    public async Task Modules_are_configured_by_conditions_of_their_own()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1", "d1/m1", "d1/m2");
        await hub.AddAsync("c1", "FROM devices.modules WHERE moduleId = 'm1' AND properties.reported.v = 1", 1, """{"moduleContent":{"properties.desired.a":1}}""");
        await hub.SettleAsync();
        await hub.ReportAsync("d1/m1", """{"v":1}""");
        await hub.ReportAsync("d1/m2", """{"v":1}""");
        await hub.ReportAsync("d1", """{"v":1}""");
        await hub.SettleAsync();

        Assert.Equal(("""{"a":1}""", "c1:Applied"), (await hub.DesiredAsync("d1/m1"), await hub.StatusAsync("d1/m1")));
        Assert.Equal(("{}", "{}", "", ""), (await hub.DesiredAsync("d1/m2"), await hub.DesiredAsync("d1"), await hub.StatusAsync("d1/m2"), await hub.StatusAsync("d1")));
        var results = (await hub.MeasureAsync("c1")).SystemMetricResults;
        Assert.Equal((1, 1), (results["targetedCount"], results["appliedCount"]));
    }

    [Fact]
    public async Task Configurations_of_a_twin_can_be_asked_for()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1", "d2");
        await hub.AddAsync("my-config", "deviceId = 'd2'", 1, A1);
        await hub.SettleAsync();

        var page = await hub.Host.Get<Hub.Queries.Queries>().RunAsync(hub.Host.Hub, "SELECT deviceId FROM devices WHERE configurations.[[my-config]].status = 'Applied'", null, null, Token);

        Assert.Equal("""[{"deviceId":"d2"}]""", System.Text.Encoding.UTF8.GetString(page.Value.Json.Span));
    }

    [Fact]
    public async Task A_sweep_goes_on_where_it_was_and_writes_each_twin_once()
    {
        await using var hub = await ConfigurationHost.StartAsync(server, new ConfigurationOptions { BatchTwins = 2 });
        await hub.AddDevicesAsync("d1", "d2", "d3", "d4", "d5");
        await hub.AddAsync("c1", "*", 1, A1);
        var sweeps = hub.Host.Get<ConfigurationSweeps>();
        await sweeps.StepAsync(hub.Host.Hub, Assert.Single(await sweeps.ReadAsync(hub.Host.Hub, Token)), Token); // nobody yet
        await sweeps.StepAsync(hub.Host.Hub, Assert.Single(await sweeps.ReadAsync(hub.Host.Hub, Token)), Token);

        Assert.Equal("d2", Assert.Single(await sweeps.ReadAsync(hub.Host.Hub, Token)).DeviceId);
        Assert.Equal(("""{"a":1}""", "{}"), (await hub.DesiredAsync("d2"), await hub.DesiredAsync("d3")));
        await hub.SettleAsync();
        foreach (var device in new[] { "d1", "d2", "d3", "d4", "d5" })
        {
            Assert.Equal(("""{"a":1}""", 3), (await hub.DesiredAsync(device), await hub.VersionAsync(device)));
        }

        Assert.Empty(await sweeps.ReadAsync(hub.Host.Hub, Token));
    }

    [Fact]
    public async Task Changes_that_a_node_left_undone_are_found_when_it_is_gone()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1");
        await hub.AddAsync("c1", "tags.env='prod'", 1, A1);
        await hub.SettleAsync();
        await hub.PatchAsync("d1", """{"tags":{"env":"prod"}}""");
        hub.Host.Get<PendingTwins>().Take(hub.Host.Hub, 10); // as if it had ended here
        await hub.SettleAsync();
        Assert.Equal("{}", await hub.DesiredAsync("d1"));

        await hub.ExecuteAsync("INSERT INTO configuration_nodes (hub, node, until) VALUES ('gatehouse', 'gone', 1)");
        await hub.SettleAsync();

        Assert.Equal("""{"a":1}""", await hub.DesiredAsync("d1"));
        Assert.Equal(1, await hub.ReadAsync<long>("SELECT COUNT(*) FROM configuration_nodes"));
        await hub.Host.Get<ConfigurationRunner>().StopAsync(Token);
        Assert.Equal(0, await hub.ReadAsync<long>("SELECT COUNT(*) FROM configuration_nodes"));
    }

    [Fact]
    public async Task More_changes_than_may_wait_are_found_by_going_through_all()
    {
        await using var hub = await ConfigurationHost.StartAsync(server, new ConfigurationOptions { MaxPending = 2 });
        await hub.AddDevicesAsync("d1", "d2", "d3", "d4");
        await hub.AddAsync("c1", "tags.env='prod'", 1, A1);
        await hub.SettleAsync();
        foreach (var device in new[] { "d1", "d2", "d3", "d4" })
        {
            await hub.PatchAsync(device, """{"tags":{"env":"prod"}}""");
        }

        await hub.SettleAsync();

        Assert.Equal(4, (await hub.MeasureAsync("c1")).SystemMetricResults["appliedCount"]);
    }

    [Fact]
    public async Task What_does_not_fit_into_a_twin_is_left_out_and_the_rest_is_applied()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1");
        var large = string.Join(',', Enumerable.Range(0, 10).Select(i => $"\"k{i}\":\"{new string('x', 2000)}\""));
        await hub.AddAsync("high", "*", 2, "{\"deviceContent\":{\"properties.desired.h\":{" + large + "}}}");
        await hub.AddAsync("low", "*", 1, "{\"deviceContent\":{\"properties.desired.l\":{" + large + "}}}");
        await hub.AddAsync("small", "*", 0, A1);
        await hub.SettleAsync();

        Assert.Equal("high:Applied low:Targeted small:Applied", await hub.StatusAsync("d1"));
        await hub.DeleteAsync("high");
        await hub.SettleAsync();
        Assert.Equal("low:Applied small:Applied", await hub.StatusAsync("d1"));
    }

    [Fact]
    public async Task What_did_not_fit_owns_nothing_that_a_back_end_sets()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1");
        var large = string.Join(',', Enumerable.Range(0, 10).Select(i => $"\"k{i}\":\"{new string('x', 2000)}\""));
        await hub.AddAsync("high", "*", 2, "{\"deviceContent\":{\"properties.desired.h\":{" + large + "}}}");
        await hub.AddAsync("low", "*", 1, "{\"deviceContent\":{\"properties.desired.l\":{" + large + "}}}");
        await hub.SettleAsync();
        Assert.Equal("high:Applied low:Targeted", await hub.StatusAsync("d1"));

        await hub.PatchAsync("d1", """{"properties":{"desired":{"l":{"mine":1}}}}""");
        await hub.SettleAsync();
        await hub.DeleteAsync("low");
        await hub.DeleteAsync("high");
        await hub.SettleAsync();

        Assert.Equal(("""{"l":{"mine":1}}""", ""), (await hub.DesiredAsync("d1"), await hub.StatusAsync("d1")));
    }

    [Fact]
    public async Task A_store_that_is_away_is_no_fault_of_a_twin()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1", "d2");
        await hub.AddAsync("c1", "*", 1, A1);
        var away = new AwayDatabase(hub.Host.Get<Database>());
        var applier = new ConfigurationApplier(
            away, hub.Host.Get<ConfigurationSets>(), hub.Host.Get<TwinWriter>(), hub.Host.Get<DeployedModules>(), new TwinOptions(), NullLogger<ConfigurationApplier>.Instance);
        var units = new[] { HubHost.Key("d1"), HubHost.Key("d2") };

        away.FailReads(1);
        await Assert.ThrowsAsync<StoreException>(() => applier.ApplyAsync(hub.Host.Hub, units, Token));
        away.FailWrites(1);
        await Assert.ThrowsAsync<StoreException>(() => applier.ApplyAsync(hub.Host.Hub, units, Token));

        Assert.Equal(2, await applier.ApplyAsync(hub.Host.Hub, units, Token));
    }

    [Fact]
    public async Task Changes_are_observed_before_the_server_takes_any()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddAsync("c1", "*", 1, A1);
        var runner = hub.Host.Get<ConfigurationRunner>();

        await runner.StartAsync(Token);
        var isObserved = hub.Host.Get<TwinChanges>().IsObserved;
        await runner.StopAsync(Token);

        Assert.True(isObserved);
    }

    [Fact]
    public async Task A_device_made_anew_begins_anew()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1");
        await hub.AddAsync("c1", "tags.env='prod'", 1, A1);
        await hub.PatchAsync("d1", """{"tags":{"env":"prod"}}""");
        await hub.SettleAsync();
        await hub.Host.DeleteAsync("d1", IfMatch.Any);
        await hub.AddDevicesAsync("d1");
        await hub.SettleAsync();

        Assert.Equal(("{}", ""), (await hub.DesiredAsync("d1"), await hub.StatusAsync("d1")));
        Assert.Equal(0, await hub.ReadAsync<long>("SELECT COUNT(*) FROM configuration_targets"));
    }

    [Fact]
    public async Task Evaluations_at_the_same_time_and_reports_between_them_end_in_one_state()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1", "d2", "d3");
        await hub.AddAsync("c1", "properties.reported.n >= 0", 1, A1);
        await hub.SettleAsync();
        var units = new[] { HubHost.Key("d1"), HubHost.Key("d2"), HubHost.Key("d3") };

        var writers = Enumerable.Range(0, 20).Select(i => Task.Run(() => hub.ReportAsync($"d{(i % 3) + 1}", $"{{\"n\":{i}}}"), Token));
        var appliers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => hub.Host.Get<ConfigurationApplier>().ApplyAsync(hub.Host.Hub, units, Token), Token));
        await Task.WhenAll([.. writers, .. appliers]);
        await hub.SettleAsync();

        foreach (var device in new[] { "d1", "d2", "d3" })
        {
            var twin = await hub.Twins.GetAsync(device);
            Assert.Equal((2, "c1:Applied"), (twin.Desired.Version, await hub.StatusAsync(device)));
            Assert.Equal(twin.Version, 1 + twin.Desired.Version + twin.Reported.Version - 1);
        }
    }

    [Fact]
    public async Task While_a_hub_has_no_configuration_changes_of_twins_are_not_observed()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.SettleAsync();
        Assert.False(hub.Host.Get<TwinChanges>().IsObserved);
        await hub.AddAsync("c1", "*", 1, A1);
        await hub.SettleAsync();
        Assert.True(hub.Host.Get<TwinChanges>().IsObserved);
        await hub.DeleteAsync("c1");
        await hub.SettleAsync();
        Assert.False(hub.Host.Get<TwinChanges>().IsObserved);
    }
}
