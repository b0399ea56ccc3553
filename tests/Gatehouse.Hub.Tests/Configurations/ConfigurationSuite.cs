using Gatehouse.Hub.Configurations;
using Gatehouse.Hub.Registry;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Configurations;

public sealed class SqliteConfigurationTests() : ConfigurationSuite(null);

public sealed class PostgresConfigurationTests(PostgresServer server) : ConfigurationSuite(server);

/// <summary>Configurations as operators make, change and delete them, on both databases.</summary>
public abstract class ConfigurationSuite(PostgresServer? server)
{
    private const string Content = """{"content":{"deviceContent":{"properties.desired.a":1}},"targetCondition":"tags.x=1","priority":7,"labels":{"l":"v"},"metrics":{"queries":{"m":"SELECT deviceId FROM devices"}}}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_configuration_is_created_read_updated_and_deleted_with_records()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        var created = (await hub.PutAsync("c1", Content)).Value;
        var read = await hub.GetAsync("c1");

        Assert.True(created.IsNew);
        Assert.Equal(("tags.x=1", 7, "v", "SELECT deviceId FROM devices"), (read.TargetCondition, read.Priority, read.Labels["l"], read.MetricQueries["m"]));
        Assert.Equal((created.Value.ETag, hub.Host.Time.GetUtcNow(), hub.Host.Time.GetUtcNow()), (read.ETag, read.Created, read.Updated));
        Assert.Equal("ConfigurationAlreadyExists", (await hub.PutAsync("c1", Content)).Error?.Name);
        Assert.Equal("PreconditionFailed", (await hub.PutAsync("c1", Content, IfMatch.Version("x"))).Error?.Name);

        hub.Host.Time.Advance(TimeSpan.FromMinutes(1));
        var updated = (await hub.PutAsync("c1", Content.Replace("\"priority\":7", "\"priority\":8", StringComparison.Ordinal), IfMatch.Version(read.ETag))).Value;

        Assert.False(updated.IsNew);
        Assert.NotEqual(read.ETag, updated.Value.ETag);
        Assert.Equal((8, read.Created, read.Created.AddMinutes(1)), (updated.Value.Priority, updated.Value.Created, updated.Value.Updated));
        Assert.Equal("ConfigurationNotFound", (await hub.PutAsync("other", Content, IfMatch.Any)).Error?.Name);
        Assert.Equal("PreconditionFailed", (await hub.Configurations.DeleteAsync(hub.Host.Hub, HubHost.Actor, "c1", IfMatch.Version(read.ETag), Token)).Error?.Name);
        Assert.True((await hub.DeleteAsync("c1")).IsOk);
        Assert.Equal("ConfigurationNotFound", (await hub.DeleteAsync("c1")).Error?.Name);
        Assert.Equal("ConfigurationNotFound", (await hub.Configurations.GetAsync(hub.Host.Hub, "c1", Token)).Error?.Name);
        Assert.Equal(["configuration.create c1", "configuration.update c1", "configuration.delete c1"], await hub.Host.AuditedAsync());
    }

    [Fact]
    public async Task The_content_stays_as_it_was_made()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.PutAsync("c1", Content);

        Assert.True((await hub.PutAsync("c1", Content.Replace("desired.a", "desired.b", StringComparison.Ordinal), IfMatch.Any)).IsOk);
        Assert.Equal("""{"deviceContent":{"properties.desired.a":1}}""", System.Text.Encoding.UTF8.GetString((await hub.GetAsync("c1")).Content.Span));
        Assert.Equal("InvalidConfigurationContent", (await hub.PutAsync("c1", """{"priority":1}""", IfMatch.Any)).Error?.Name);
    }

    [Fact]
    public async Task A_hub_has_as_many_configurations_as_it_may()
    {
        await using var hub = await ConfigurationHost.StartAsync(server, new ConfigurationOptions { MaxConfigurations = 2 });

        Assert.True((await hub.PutAsync("b", Content)).IsOk);
        Assert.True((await hub.PutAsync("a", Content)).IsOk);
        Assert.Equal("IotHubQuotaExceeded", (await hub.PutAsync("c", Content)).Error?.Name);
        Assert.Equal(["a", "b"], (await hub.Configurations.ListAsync(hub.Host.Hub, null, Token)).Select(each => each.Id));
        Assert.Equal(["a"], (await hub.Configurations.ListAsync(hub.Host.Hub, 1, Token)).Select(each => each.Id));
        Assert.Equal(2, (await hub.Configurations.ListAsync(hub.Host.Hub, 3, Token)).Count);
    }

    [Fact]
    public async Task Metrics_count_what_is_targeted_applied_and_asked_for()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1", "d2", "d3");
        await hub.PatchAsync("d1", """{"tags":{"x":1}}""");
        await hub.PatchAsync("d2", """{"tags":{"x":1}}""");
        await hub.AddAsync("high", "deviceId = 'd1'", 9, """{"deviceContent":{"properties.desired.a":9}}""");
        Assert.True((await hub.PutAsync("low", Content.Replace("SELECT deviceId FROM devices", "SELECT TOP 2 deviceId FROM devices", StringComparison.Ordinal))).IsOk);
        await hub.SettleAsync();

        var low = await hub.GetAsync("low");
        Assert.Equal((2, 1, 2), (low.SystemMetricResults["targetedCount"], low.SystemMetricResults["appliedCount"], low.MetricResults["m"]));
        Assert.Equal("SELECT deviceId FROM devices WHERE tags.x=1", low.SystemMetricQueries["targetedCount"]);
        foreach (var (metric, count) in low.SystemMetricResults)
        {
            Assert.Equal(count, (await hub.Host.Get<Hub.Queries.Queries>().CountAsync(hub.Host.Hub, low.SystemMetricQueries[metric], Token)).Value);
        }

        // An update of nothing but a label is nothing to apply; the results stay.
        var etag = (await hub.PutAsync("low", Content.Replace("\"v\"", "\"w\"", StringComparison.Ordinal).Replace("SELECT deviceId FROM devices", "SELECT TOP 2 deviceId FROM devices", StringComparison.Ordinal), IfMatch.Any)).Value.Value;
        Assert.Equal(0, await hub.ReadAsync<long>("SELECT COUNT(*) FROM configuration_sweeps"));
        Assert.Equal(2, etag.SystemMetricResults["targetedCount"]);
    }

    [Theory]
    [InlineData("SELECT COUNT() AS n FROM devices", 3)]
    [InlineData("SELECT * FROM devices WHERE deviceId = 'd1'", 1)]
    [InlineData("SELECT deviceId, COUNT() AS n FROM devices GROUP BY deviceId", 3)]
    [InlineData("SELECT MAX(properties.reported.n) AS n FROM devices", 1)]
    public async Task A_metric_counts_rows_or_is_a_count(string query, long count)
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        await hub.AddDevicesAsync("d1", "d2", "d3");

        Assert.Equal(count, (await hub.Host.Get<Hub.Queries.Queries>().CountAsync(hub.Host.Hub, query, Token)).Value);
    }

    [Fact]
    public async Task A_metric_counts_more_groups_than_a_page_has_rows()
    {
        await using var hub = await ConfigurationHost.StartAsync(server);
        foreach (var some in Enumerable.Range(0, Hub.Queries.Queries.MaxPageItems + 1).Chunk(100))
        {
            Assert.Empty((await hub.Host.BulkAsync([.. some.Select(number => ($"d{number}", ImportMode.Create, (string?)null))])).Value);
        }

        Assert.Equal(1001, (await hub.Host.Get<Hub.Queries.Queries>().CountAsync(hub.Host.Hub, "SELECT deviceId, COUNT() AS n FROM devices GROUP BY deviceId", Token)).Value);
    }
}
