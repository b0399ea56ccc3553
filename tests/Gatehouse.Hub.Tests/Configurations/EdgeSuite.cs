using Gatehouse.Hub.Registry;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Configurations;

public sealed class SqliteEdgeTests() : EdgeSuite(null);

public sealed class PostgresEdgeTests(PostgresServer server) : EdgeSuite(server);

/// <summary>Deployments to Edge devices: base, layers, module identities, content for one device; on both databases.</summary>
public abstract class EdgeSuite(PostgresServer? server)
{
    private const string Base = """{"modulesContent":{"$edgeAgent":{"properties.desired":{"schemaVersion":"1.1","modules":{"m1":{"v":1}}}},"$edgeHub":{"properties.desired":{"routes":{}}},"m1":{"properties.desired.x":1}}}""";
    private const string Layer = """{"modulesContent":{"$edgeAgent":{"properties.desired.modules.m2":{"v":1}},"$edgeHub":{"properties.desired.routes.r":"FROM /*"}}}""";

    [Fact]
    public async Task A_deployment_reaches_the_modules_of_Edge_devices_and_makes_those_that_are_not_there()
    {
        await using var hub = await StartAsync();
        await hub.AddAsync("base", "tags.env='prod'", 1, Base);
        await hub.PatchAsync("e1", """{"tags":{"env":"prod"}}""");
        await hub.PatchAsync("d1", """{"tags":{"env":"prod"}}""");
        await hub.SettleAsync();

        Assert.Equal("""{"modules":{"m1":{"v":1}},"schemaVersion":"1.1"}""", await hub.DesiredAsync("e1/$edgeAgent"));
        Assert.Equal(("""{"routes":{}}""", """{"x":1}"""), (await hub.DesiredAsync("e1/$edgeHub"), await hub.DesiredAsync("e1/m1")));
        Assert.Equal(("base:Applied", "base:Applied", ""), (await hub.StatusAsync("e1"), await hub.StatusAsync("e1/$edgeAgent"), await hub.StatusAsync("d1")));
        var module = (await hub.Host.FindAsync("e1/m1")).Value;
        Assert.Equal(("iotEdge", "ModuleNotFound"), (module.ManagedBy, (await hub.Host.FindAsync("d1/m1")).Error?.Name));
    }

    [Fact]
    public async Task Layers_above_the_base_are_added_and_taken_away_again()
    {
        await using var hub = await StartAsync();
        await hub.AddAsync("base", "*", 5, Base);
        await hub.AddAsync("layer", "*", 6, Layer);
        await hub.AddAsync("beneath", "*", 5, Layer.Replace("m2", "m3", StringComparison.Ordinal));
        await hub.SettleAsync();

        Assert.Equal("""{"modules":{"m1":{"v":1},"m2":{"v":1}},"schemaVersion":"1.1"}""", await hub.DesiredAsync("e1/$edgeAgent"));
        Assert.Equal("""{"routes":{"r":"FROM /*"}}""", await hub.DesiredAsync("e1/$edgeHub"));
        Assert.Equal("base:Applied beneath:Targeted layer:Applied", await hub.StatusAsync("e1/$edgeAgent"));

        await hub.DeleteAsync("layer");
        await hub.SettleAsync();
        Assert.Equal(("""{"modules":{"m1":{"v":1}},"schemaVersion":"1.1"}""", """{"routes":{}}"""), (await hub.DesiredAsync("e1/$edgeAgent"), await hub.DesiredAsync("e1/$edgeHub")));
    }

    [Fact]
    public async Task The_higher_base_replaces_the_lower_and_the_last_one_stays_when_none_is_left()
    {
        await using var hub = await StartAsync();
        await hub.AddAsync("one", "*", 1, Base);
        await hub.AddAsync("two", "*", 2, Base.Replace("m1", "m9", StringComparison.Ordinal));
        await hub.SettleAsync();
        Assert.Equal(("""{"modules":{"m9":{"v":1}},"schemaVersion":"1.1"}""", "one:Targeted two:Applied"), (await hub.DesiredAsync("e1/$edgeAgent"), await hub.StatusAsync("e1/$edgeAgent")));

        await hub.DeleteAsync("two");
        await hub.SettleAsync();
        Assert.Equal(("""{"modules":{"m1":{"v":1}},"schemaVersion":"1.1"}""", "{}"), (await hub.DesiredAsync("e1/$edgeAgent"), await hub.DesiredAsync("e1/m9")));
        await hub.DeleteAsync("one");
        await hub.SettleAsync();
        Assert.Equal(("""{"modules":{"m1":{"v":1}},"schemaVersion":"1.1"}""", """{"x":1}""", ""), (await hub.DesiredAsync("e1/$edgeAgent"), await hub.DesiredAsync("e1/m1"), await hub.StatusAsync("e1/$edgeAgent")));
    }

    [Fact]
    public async Task A_layer_without_a_base_is_not_applied()
    {
        await using var hub = await StartAsync();
        await hub.AddAsync("layer", "*", 6, Layer);
        await hub.SettleAsync();

        Assert.Equal(("{}", "layer:Targeted"), (await hub.DesiredAsync("e1/$edgeAgent"), await hub.StatusAsync("e1")));
    }

    [Fact]
    public async Task A_device_that_becomes_one_of_Edge_is_deployed_to_and_what_a_back_end_writes_over_it_is_set_again()
    {
        await using var hub = await StartAsync();
        await hub.AddAsync("base", "*", 1, Base);
        await hub.SettleAsync();
        Assert.True((await hub.Host.PutAsync("d1", IfMatch.Any, input => input with { IsEdge = true })).IsOk);
        await hub.SettleAsync();
        Assert.Equal("base:Applied", await hub.StatusAsync("d1"));

        await hub.PatchAsync("d1/$edgeAgent", """{"properties":{"desired":{"schemaVersion":"9"}}}""");
        await hub.PatchAsync("d1/m1", """{"properties":{"desired":{"x":9,"mine":1}}}""");
        await hub.SettleAsync();
        Assert.Equal(("""{"modules":{"m1":{"v":1}},"schemaVersion":"1.1"}""", """{"mine":1,"x":1}"""), (await hub.DesiredAsync("d1/$edgeAgent"), await hub.DesiredAsync("d1/m1")));

        Assert.True((await hub.Host.PutAsync("d1", IfMatch.Any, input => input with { IsEdge = false })).IsOk);
        await hub.SettleAsync();
        Assert.Equal("", await hub.StatusAsync("d1"));
    }

    [Fact]
    public async Task A_condition_on_being_one_of_Edge_follows_the_device()
    {
        await using var hub = await StartAsync();
        await hub.AddAsync("leaves", "capabilities.iotEdge = false", 1, """{"deviceContent":{"properties.desired.leaf":true}}""");
        await hub.SettleAsync();
        Assert.Equal(("{}", """{"leaf":true}"""), (await hub.DesiredAsync("e1"), await hub.DesiredAsync("d1")));

        Assert.True((await hub.Host.PutAsync("d1", IfMatch.Any, input => input with { IsEdge = true })).IsOk);
        await hub.SettleAsync();
        Assert.Equal("{}", await hub.DesiredAsync("d1"));
        Assert.True((await hub.Host.PutAsync("d1", IfMatch.Any, input => input with { IsEdge = false })).IsOk);
        await hub.SettleAsync();
        Assert.Equal("""{"leaf":true}""", await hub.DesiredAsync("d1"));
    }

    [Fact]
    public async Task Success_and_failure_of_the_runtime_are_counted()
    {
        await using var hub = await StartAsync();
        Assert.True((await hub.Host.PutAsync("e2", null, input => input with { IsEdge = true })).IsOk);
        await hub.AddAsync("base", "*", 1, Base);
        await hub.SettleAsync();
        await hub.ReportAsync("e1/$edgeAgent", """{"lastDesiredVersion":2,"lastDesiredStatus":{"code":200}}""");
        await hub.ReportAsync("e2/$edgeAgent", """{"lastDesiredVersion":2,"lastDesiredStatus":{"code":406}}""");

        var results = (await hub.MeasureAsync("base")).SystemMetricResults;

        Assert.Equal((2, 2, 1, 1), (results["targetedCount"], results["appliedCount"], results["reportedSuccessfulCount"], results["reportedFailedCount"]));
    }

    [Fact]
    public async Task A_module_that_cannot_be_made_keeps_nothing_else_from_being_applied()
    {
        await using var hub = await StartAsync(new RegistryOptions { MaxModulesPerDevice = 0 });
        await hub.AddAsync("base", "*", 1, Base);
        await hub.SettleAsync();

        Assert.Equal("""{"modules":{"m1":{"v":1}},"schemaVersion":"1.1"}""", await hub.DesiredAsync("e1/$edgeAgent"));
        Assert.Equal("ModuleNotFound", (await hub.Host.FindAsync("e1/m1")).Error?.Name);
    }

    [Fact]
    public async Task Content_is_applied_to_one_device_at_once()
    {
        await using var hub = await StartAsync();

        Assert.True((await hub.ApplyAsync("e1", Base)).IsOk);
        Assert.Equal(("""{"modules":{"m1":{"v":1}},"schemaVersion":"1.1"}""", """{"x":1}"""), (await hub.DesiredAsync("e1/$edgeAgent"), await hub.DesiredAsync("e1/m1")));
        Assert.True((await hub.ApplyAsync("d1", """{"deviceContent":{"properties.desired.a":1}}""")).IsOk);
        Assert.Equal("""{"a":1}""", await hub.DesiredAsync("d1"));
        Assert.Equal("ArgumentInvalid", (await hub.ApplyAsync("d1", Base)).Error?.Name);
        Assert.Equal("DeviceNotFound", (await hub.ApplyAsync("none", Base)).Error?.Name);
        Assert.Equal("InvalidConfigurationContent", (await hub.ApplyAsync("d1", """{"moduleContent":{"properties.desired.a":1}}""")).Error?.Name);
        var version = await hub.VersionAsync("e1/$edgeAgent");
        Assert.True((await hub.ApplyAsync("e1", Base)).IsOk);
        Assert.Equal(version, await hub.VersionAsync("e1/$edgeAgent"));
        Assert.Contains("configuration.apply e1", await hub.Host.AuditedAsync());
        Assert.Contains("module.create e1/m1", await hub.Host.AuditedAsync());
    }

    private async Task<ConfigurationHost> StartAsync(RegistryOptions? registry = null)
    {
        var hub = await ConfigurationHost.StartAsync(server, registry: registry);
        Assert.True((await hub.Host.PutAsync("e1", null, input => input with { IsEdge = true })).IsOk);
        await hub.AddDevicesAsync("d1");
        return hub;
    }
}
