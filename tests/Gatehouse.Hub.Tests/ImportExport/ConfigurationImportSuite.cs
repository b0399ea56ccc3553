using System.Text;
using System.Text.Json;
using Gatehouse.Hub.Configurations;
using Gatehouse.Hub.ImportExport;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Registry;
using Gatehouse.Sinks;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.ImportExport;

public sealed class SqliteConfigurationImportTests() : ConfigurationImportSuite(null);

public sealed class PostgresConfigurationImportTests(PostgresServer server) : ConfigurationImportSuite(server);

/// <summary>Configurations beside the identities of an import or export.</summary>
public abstract class ConfigurationImportSuite(PostgresServer? server) : IAsyncLifetime
{
    private const string Content = """{"deviceContent":{"properties.desired.a":1}}""";

    private readonly ContainerServer container = new();
    private HubHost hub = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => hub = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await hub.DisposeAsync();
        container.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_was_exported_can_be_imported_into_another_hub()
    {
        Assert.True((await hub.PutAsync("d1")).IsOk);
        await PutAsync("c1", """{"id":"c1","priority":7,"targetCondition":"tags.site = 'a'","labels":{"of":"M\u00fcnchen"},"metrics":{"queries":{"all":"SELECT * FROM devices"}},"content":{"deviceContent":{"properties.desired.a":{"b":[1]}}}}""");
        await PutAsync("c2", """{"id":"c2","content":{"moduleContent":{"properties.desired.a":1}},"targetCondition":"FROM devices.modules WHERE moduleId = 'm'"}""");
        var job = await RunAsync(hub, Export());
        Assert.Equal(("completed", "all/configurations.json"), (job.Status, job.ConfigurationsBlobName));
        Assert.Equal("c1 c2", string.Join(' ', Lines("all/configurations.json").Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetString())));
        Assert.Single(Lines("devices.txt"));

        await using var other = await StartAsync();
        var imported = await RunAsync(other, Import());

        Assert.Equal(("completed", null, 100), (imported.Status, imported.FailureReason, imported.Progress));
        Assert.Equal("", container.Text("importErrors.log"));
        Assert.True((await other.FindAsync("d1")).IsOk);
        var (before, after) = (await GetAsync(hub, "c1"), await GetAsync(other, "c1"));
        Assert.Equal((before.Priority, before.TargetCondition, Encoding.UTF8.GetString(before.Content.Span)), (after.Priority, after.TargetCondition, Encoding.UTF8.GetString(after.Content.Span)));
        Assert.Equal((before.Labels.Single(), before.MetricQueries.Single()), (after.Labels.Single(), after.MetricQueries.Single()));
        Assert.Equal("FROM devices.modules WHERE moduleId = 'm'", (await GetAsync(other, "c2")).TargetCondition);
        Assert.Equal(2, (await other.Get<AuditLog>().ReadAsync(other.Hub.Value, 0, 1000, Token)).Count(entry => entry.Fields.Action == "configuration.create" && entry.Fields.Actor.EndsWith(imported.JobId, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Without_being_asked_for_configurations_are_left_alone()
    {
        await PutAsync("c1", $$"""{"id":"c1","content":{{Content}}}""");
        var job = await RunAsync(hub, Export() with { IncludeConfigurations = false });

        Assert.Equal(("completed", null), (job.Status, job.ConfigurationsBlobName));
        Assert.Equal("devices.txt", string.Join(' ', container.Blobs.Keys));
    }

    [Fact]
    public async Task Lines_that_cannot_be_done_are_listed_after_those_of_identities_and_the_others_are_done()
    {
        await PutAsync("c1", $$"""{"id":"c1","content":{{Content}}}""");
        await PutAsync("c2", $$"""{"id":"c2","content":{{Content}}}""");
        var etag = (await GetAsync(hub, "c1")).ETag;
        container.Change("devices.txt", "{\"id\":\"d1\"}\n\n\nno json\n");
        container.Change("all/configurations.json", string.Join(
            "\r\n",
            $$"""{"id":"c1","etag":"{{etag}}","importMode":"CreateOrUpdateIfMatchETag","priority":5,"content":{{Content}}}""",
            "no json",
            $$"""{"id":"c2","etag":"other","priority":5,"content":{{Content}}}""",
            $$"""{"id":"c3","etag":"other","importMode":"createOrUpdateIfMatchETag","content":{{Content}}}""",
            $$"""{"id":"c4","importMode":"delete","content":{{Content}}}""",
            """{"id":"C5","content":{}}""",
            $$"""{"id":"c2","priority":6,"content":{{Content}}}"""));
        Assert.Equal("completed", (await RunAsync(hub, Import())).Status);

        Assert.Equal((5L, 6L, 0L), ((await GetAsync(hub, "c1")).Priority, (await GetAsync(hub, "c2")).Priority, (await GetAsync(hub, "c3")).Priority));
        Assert.Equal(["c1", "c2", "c3"], (await hub.Get<Hub.Configurations.Configurations>().ListAsync(hub.Hub, null, Token)).Select(each => each.Id));
        var errors = Lines("importErrors.log").Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            ["IotHubFormatError", "IotHubFormatError", "PreconditionFailed", "ArgumentInvalid", "ArgumentInvalid"], errors.Select(each => each.GetProperty("errorCode").GetString()));
        Assert.StartsWith("Line 4:", errors[0].GetProperty("errorStatus").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("Line 2:", errors[1].GetProperty("errorStatus").GetString(), StringComparison.Ordinal);
        Assert.Equal(["c2", null, "C5"], errors.Skip(2).Select(each => each.GetProperty("configurationId").GetString()));
    }

    [Fact]
    public async Task A_blob_of_configurations_that_is_not_there_is_said_at_once()
    {
        container.Change("devices.txt", "");
        var refused = await hub.Get<ImportExportJobs>().CreateAsync(hub.Hub, HubHost.Actor, Import(), Token);

        Assert.Equal("BlobContainerValidationError", refused.Error?.Name);
    }

    [Fact]
    public async Task An_import_that_ends_among_the_configurations_goes_on_there()
    {
        container.Change("devices.txt", "{\"id\":\"d1\",\"importMode\":\"create\"}");
        container.Change("all/configurations.json", string.Concat(Enumerable.Range(0, 150).Select(i => $$"""{"id":"c{{i}}","etag":"x","content":{{Content}}}""" + "\n")));
        var made = await hub.Get<ImportExportJobs>().CreateAsync(hub.Hub, HubHost.Actor, Import(), Token);
        Assert.True(made.IsOk, made.Error?.Message);
        var gets = 0;
        container.Refuse = request => request.HttpMethod == "PUT" || (request.HttpMethod == "GET" && ++gets == 2) ? 503 : 0;
        for (var stops = 0; stops < 3; stops++)
        {
            using var crash = new CancellationTokenSource();
            var run = new RunningImportExport(hub.Hub, made.Value.JobId, hub.Get<ImportExportParts>()).RunAsync(crash.Token);
            await Task.WhenAny(run, Task.Delay(300, Token));
            await crash.CancelAsync();
            await run;
        }

        container.Refuse = _ => 0;
        await DriveAsync(hub);

        Assert.Equal("completed", (await hub.Get<ImportExportJobs>().GetAsync(hub.Hub, made.Value.JobId, Token)).Value.Status);
        Assert.Equal("", container.Text("importErrors.log"));
        Assert.Equal(150, (await hub.Get<Hub.Configurations.Configurations>().ListAsync(hub.Hub, null, Token)).Count);
    }

    private static async Task<Configuration> GetAsync(HubHost on, string id) => (await on.Get<Hub.Configurations.Configurations>().GetAsync(on.Hub, id, Token)).Value;

    private async Task PutAsync(string id, string json)
    {
        var input = ConfigurationInput.Parse(Encoding.UTF8.GetBytes(json));
        var put = await hub.Get<Hub.Configurations.Configurations>().PutAsync(hub.Hub, HubHost.Actor, id, input.Value, IfMatch.Absent, Token);
        Assert.True(put.IsOk, put.Error?.Message);
    }

    private string[] Lines(string blob) => container.Text(blob).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

    private ImportExportInput Export() => new() { Type = "export", OutputBlobContainerUri = container.Url, IncludeConfigurations = true, ConfigurationsBlobName = "all/configurations.json" };

    private ImportExportInput Import() => Export() with { Type = "import", InputBlobContainerUri = container.Url };

    private Task<HubHost> StartAsync() =>
        HubHost.StartAsync(new HubOptions { Sinks = new SinkOptions { AllowPrivateAddresses = true }, Configurations = new ConfigurationOptions { MaxConfigurations = 200 } }, server);

    private static async Task<ImportExportJob> RunAsync(HubHost on, ImportExportInput input)
    {
        var made = await on.Get<ImportExportJobs>().CreateAsync(on.Hub, HubHost.Actor, input, Token);
        Assert.True(made.IsOk, made.Error?.Message);
        await DriveAsync(on);
        return (await on.Get<ImportExportJobs>().GetAsync(on.Hub, made.Value.JobId, Token)).Value;
    }

    private static async Task DriveAsync(HubHost on)
    {
        var runner = on.Get<JobRunner>();
        await runner.LookAsync(Token);
        var idle = runner.WhenIdleAsync();
        for (var tries = 0; !idle.IsCompleted; tries++)
        {
            Assert.True(tries < 4_000);
            await Task.WhenAny(idle, Task.Delay(10, Token));
            on.Time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
