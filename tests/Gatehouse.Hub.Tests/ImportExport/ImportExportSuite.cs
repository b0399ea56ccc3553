using System.Globalization;
using System.Text;
using System.Text.Json;
using Dapper;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.ImportExport;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Tests.Queries;
using Gatehouse.Sinks;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.ImportExport;

public sealed class SqliteImportExportTests() : ImportExportSuite(null);

public sealed class PostgresImportExportTests(PostgresServer server) : ImportExportSuite(server);

/// <summary>Identities from a blob and to one.</summary>
public abstract class ImportExportSuite(PostgresServer? server) : IAsyncLifetime
{
    private readonly ContainerServer container = new();
    private QueryHost hub = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ImportExportJobs Jobs => hub.Host.Get<ImportExportJobs>();

    public async ValueTask InitializeAsync() => hub = await StartAsync(new ImportExportOptions { MaxLineBytes = 4096, MaxErrors = 3 });

    public async ValueTask DisposeAsync()
    {
        await hub.DisposeAsync();
        container.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_was_exported_can_be_imported_into_another_hub_with_keys_and_twins()
    {
        await hub.MakeAsync("d1", """{"site":"a"}""", """{"t":1.50}""", """{"r":1}""", isEdge: true);
        await hub.MakeAsync("d2", status: "disabled");
        await hub.MakeAsync("d2/m1", """{"site":"m"}""");
        Assert.Equal("completed", (await RunAsync(Export())).Status);
        var lines = container.Text("devices.txt").Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["d1", "d1", "d1", "d2", "d2"], lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetString()));
        Assert.Contains("""
            "tags":{"site":"a"},"properties":{"desired":{"t":
            """.Trim(), lines[0].Replace(": ", ":", StringComparison.Ordinal), StringComparison.Ordinal);

        await using var other = await StartAsync(new ImportExportOptions());
        var job = await RunAsync(Import(), other);

        Assert.Equal(("completed", 100, null), (job.Status, job.Progress, job.FailureReason));
        Assert.Equal("", container.Text("importErrors.log"));
        foreach (var key in new[] { "d1", "d2", "d2/m1" })
        {
            var (before, after) = ((await hub.Host.FindAsync(key)).Value, (await other.Host.FindAsync(key)).Value);
            Assert.Equal((before.PrimaryKey, before.SecondaryKey, before.IsEnabled, before.IsEdge), (after.PrimaryKey, after.SecondaryKey, after.IsEnabled, after.IsEdge));
        }

        Assert.Single(await other.AllAsync("SELECT * FROM devices WHERE deviceId = 'd1' AND tags.site = 'a' AND properties.desired.t = 1.5"));
        Assert.Single(await other.AllAsync("SELECT * FROM devices.modules WHERE moduleId = 'm1' AND tags.site = 'm'"));
        Assert.Contains(await hub.Host.AuditedAsync(), each => each.StartsWith("registry.export ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_that_are_left_out_are_null_and_the_blob_has_the_name_that_was_asked_for()
    {
        await hub.MakeAsync("d1");
        var job = await RunAsync(Export() with { ExcludeKeysInExport = true, OutputBlobName = "out/all.txt" });

        Assert.True(job.ExcludeKeysInExport);
        var keys = JsonDocument.Parse(container.Text("out/all.txt")).RootElement.GetProperty("authentication").GetProperty("symmetricKey");
        Assert.Equal("""{"primaryKey":null,"secondaryKey":null}""", keys.GetRawText());
    }

    [Fact]
    public async Task Every_mode_does_what_it_says_and_lines_that_cannot_be_done_are_listed()
    {
        await hub.MakeAsync("there");
        await hub.MakeAsync("gone");
        var etag = (await hub.Host.FindAsync("there")).Value.ETag;
        container.Change("devices.txt", string.Join(
            "\n",
            """{"id":"new","importMode":"create","status":"enabled","tags":{"a":1}}""",
            """{"id":"there","importMode":"create","status":"enabled"}""",
            """{"id":"gone","importMode":"Delete"}""",
            "",
            "no json",
            $$"""{"id":"there","eTag":"{{etag}}","importMode":"updateIfMatchETag","status":"disabled"}""",
            """{"id":"there","eTag":"x","importMode":"updateIfMatchETag","status":"enabled"}""",
            """{"id":"late","status":"enabled","statusReason":null,"authentication":{"symmetricKey":{"primaryKey":null,"secondaryKey":null},"x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"type":"sas"}}""") + "\r\n");

        Assert.Equal("completed", (await RunAsync(Import())).Status);

        Assert.Null((await hub.Host.FindAsync("new")).Error);
        Assert.Equal("DeviceNotFound", (await hub.Host.FindAsync("gone")).Error?.Name);
        Assert.False((await hub.Host.FindAsync("there")).Value.IsEnabled);
        Assert.NotNull((await hub.Host.FindAsync("late")).Value.PrimaryKey);
        var errors = container.Text("importErrors.log").Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["there DeviceAlreadyExists", " IotHubFormatError", "there PreconditionFailed"], errors.Select(each => $"{each.GetProperty("deviceId").GetString()} {each.GetProperty("errorCode").GetString()}"));
        Assert.StartsWith("Line 5:", errors[1].GetProperty("errorStatus").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_import_that_ends_anywhere_is_gone_on_with_and_no_line_is_done_twice()
    {
        container.Change("devices.txt", Lines(350, """, "importMode":"create" """));
        var row = await CreateAsync(Import());
        var parts = hub.Host.Get<ImportExportParts>();
        for (var stops = 0; (await GetAsync(row.JobId)).Status is "enqueued" or "running"; stops++)
        {
            Assert.True(stops < 20);
            using var crash = new CancellationTokenSource();
            using var observed = hub.Host.Get<Hub.Twins.TwinChanges>().Subscribe(_ => crash.Cancel());
            await new RunningImportExport(hub.Host.Hub, row.JobId, parts).RunAsync(crash.Token);
        }

        Assert.Equal("completed", (await GetAsync(row.JobId)).Status);
        Assert.Equal(350, (await hub.AllAsync("SELECT * FROM devices", 1000)).Count);
        Assert.Equal("", container.Text("importErrors.log"));
        Assert.True(container.Calls.Count(call => call.StartsWith("GET", StringComparison.Ordinal)) >= 4);
    }

    [Fact]
    public async Task A_cancelled_import_leaves_the_rest_alone()
    {
        container.Change("devices.txt", Lines(350));
        var row = await CreateAsync(Import());
        var isCancelled = false;
        using var observed = hub.Host.Get<Hub.Twins.TwinChanges>().Subscribe(_ =>
        {
            if (!isCancelled)
            {
                isCancelled = true;
                Jobs.CancelAsync(hub.Host.Hub, HubHost.Actor, row.JobId, Token).GetAwaiter().GetResult();
            }
        });
        await DriveAsync(hub);

        Assert.Equal("cancelled", (await GetAsync(row.JobId)).Status);
        Assert.Equal(100, (await hub.AllAsync("SELECT * FROM devices", 1000)).Count);
        Assert.False(container.Blobs.ContainsKey("importErrors.log"));
        Assert.Equal("cancelled", (await Jobs.CancelAsync(hub.Host.Hub, HubHost.Actor, row.JobId, Token)).Value.Status);
    }

    [Fact]
    public async Task Long_lines_and_errors_have_a_limit()
    {
        string Line(string id, int bytes) => $$"""{"id":"{{id}}","statusReason":"x","pad":"{{new string('a', bytes)}}"}""";
        var fits = 4096 - Line("fits", 0).Length;
        container.Change("devices.txt", $"{Line("fits", fits)}\n{Line("over", fits + 1)}\n{Line("huge", 300_000)}\nx\ny\n{Line("last", 0)}");

        Assert.Equal("completed", (await RunAsync(Import())).Status);

        Assert.Equal("fits last", await IdsAsync());
        Assert.Equal(3, container.Text("importErrors.log").Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task A_storage_service_that_is_away_is_waited_for_but_not_for_ever()
    {
        container.Change("devices.txt", Lines(2));
        var first = await CreateAsync(Import());
        var away = 3;
        container.Refuse = request => request.HttpMethod == "GET" && away-- > 0 ? 503 : 0;
        await DriveAsync(hub);
        Assert.Equal("completed", (await GetAsync(first.JobId)).Status);

        var second = await CreateAsync(Import());
        container.Refuse = request => request.HttpMethod == "GET" ? 503 : 0;
        await DriveAsync(hub);
        var failed = await GetAsync(second.JobId);
        Assert.Equal(("failed", "The storage service answered 503 Other."), (failed.Status, failed.FailureReason));
    }

    [Fact]
    public async Task Waiting_for_a_storage_service_begins_anew_with_every_line_that_was_done()
    {
        container.Change("devices.txt", Lines(350));
        var row = await CreateAsync(Import());
        var (gets, puts, isFirst) = (1, 3, true);
        container.Refuse = request => request.HttpMethod == "GET" ? gets-- > 0 ? 503 : 0 : request.HttpMethod == "PUT" && puts-- > 0 ? 503 : 0;
        using var observed = hub.Host.Get<Hub.Twins.TwinChanges>().Subscribe(_ =>
        {
            if (isFirst)
            {
                isFirst = false;
                hub.Host.Time.Advance(TimeSpan.FromHours(1));
            }
        });
        await DriveAsync(hub);

        Assert.Equal(("completed", null), ((await GetAsync(row.JobId)).Status, (await GetAsync(row.JobId)).FailureReason));
        Assert.Equal(350, (await hub.AllAsync("SELECT * FROM devices", 1000)).Count);
    }

    [Fact]
    public async Task An_export_that_breaks_off_now_here_and_now_there_is_given_up()
    {
        await using var other = await StartAsync(new ImportExportOptions { Patience = TimeSpan.FromSeconds(30) });
        var desired = JsonSerializer.Serialize(Enumerable.Range(0, 7).ToDictionary(i => $"p{i}", _ => new string('a', 3900)));
        for (var i = 0; i < 51; i++)
        {
            await other.MakeAsync($"d{i:00}", desired: desired);
        }

        // The second block and the list of blocks in turn: the next time it is always at another place than the last.
        var row = await CreateAsync(Export(), other);
        var isList = false;
        var calls = 0;
        container.Refuse = request => request.QueryString["comp"] switch
        {
            "blocklist" => Break(false),
            "block" when request.QueryString["blockid"] == Convert.ToBase64String("000001"u8) && !isList => Break(true),
            _ => 0,
        };
        await DriveAsync(other);

        var failed = await GetAsync(row.JobId, other);
        Assert.Equal(("failed", "The storage service answered 503 Other."), (failed.Status, failed.FailureReason));
        Assert.InRange(calls, 3, 100);

        int Break(bool isListNext)
        {
            calls++;
            isList = isListNext;
            return 503;
        }
    }

    [Fact]
    public async Task A_line_that_is_not_UTF8_is_an_error_of_its_line()
    {
        container.Blobs["devices.txt"] = Encoding.Latin1.GetBytes("{\"id\":\"d1\"}\n{\"id\":\"d2\",\"tags\":{\"site\":\"M\u00FCnchen\"}}\n{\"id\":\"d3\",\"tags\":{\"site\":\"b\"},\"properties\":{\"desired\":{\"t\":1}}}\n");

        Assert.Equal("completed", (await RunAsync(Import())).Status);

        Assert.Equal("d1 d3", await IdsAsync());
        Assert.Single(await hub.AllAsync("SELECT * FROM devices WHERE tags.site = 'b' AND properties.desired.t = 1"));
        Assert.Contains("Line 2: The line is not UTF-8.", container.Text("importErrors.log"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_goes_wrong_every_time_ends_the_job()
    {
        var row = await CreateAsync(Export());
        await hub.Host.Get<Database>().WriteAsync<bool>(
            async (write, _) =>
            {
                await write.Connection.ExecuteAsync("UPDATE registry_jobs SET containers = @Containers", new { Containers = new byte[] { 1 } }, write.Transaction);
                return true;
            },
            Token);
        await DriveAsync(hub);

        Assert.Equal(("failed", "The server failed to handle the request."), ((await GetAsync(row.JobId)).Status, (await GetAsync(row.JobId)).FailureReason));
    }

    [Fact]
    public async Task A_node_that_stood_still_does_no_line_that_another_has_done()
    {
        container.Change("devices.txt", Lines(350, """, "importMode":"create" """));
        var row = await CreateAsync(Import());
        var parts = hub.Host.Get<ImportExportParts>();
        var changes = 0;
        using var other = new CancellationTokenSource();
        using var observed = hub.Host.Get<Hub.Twins.TwinChanges>().Subscribe(_ =>
        {
            changes++;
            if (changes == 1)
            {
                new RunningImportExport(hub.Host.Hub, row.JobId, parts).RunAsync(other.Token).GetAwaiter().GetResult();
            }
            else if (changes == 2)
            {
                other.Cancel();
            }
        });
        await DriveAsync(hub);

        Assert.Equal("completed", (await GetAsync(row.JobId)).Status);
        Assert.Equal("", container.Text("importErrors.log"));
        Assert.Equal(350, (await hub.AllAsync("SELECT * FROM devices", 1000)).Count);
    }

    [Fact]
    public async Task A_blob_that_changes_under_way_fails_the_import()
    {
        container.Change("devices.txt", Lines(350));
        var row = await CreateAsync(Import());
        using (var crash = new CancellationTokenSource())
        using (hub.Host.Get<Hub.Twins.TwinChanges>().Subscribe(_ => crash.Cancel()))
        {
            await new RunningImportExport(hub.Host.Hub, row.JobId, hub.Host.Get<ImportExportParts>()).RunAsync(crash.Token);
        }

        container.Change("devices.txt", Lines(10));
        await DriveAsync(hub);

        Assert.Equal(("failed", "The blob was changed while it was imported."), ((await GetAsync(row.JobId)).Status, (await GetAsync(row.JobId)).FailureReason));
    }

    [Fact]
    public async Task Containers_are_looked_at_before_the_job_is_made_and_one_job_is_enough()
    {
        foreach (var (input, code) in new (ImportExportInput, string)[]
        {
            (Export() with { Type = "backup" }, "ArgumentInvalid"),
            (Export() with { OutputBlobContainerUri = null }, "ArgumentNull"),
            (Import() with { InputBlobContainerUri = "" }, "ArgumentNull"),
            (Export() with { StorageAuthenticationType = "IdentityBased" }, "ArgumentInvalid"),
            (Export() with { IncludeConfigurations = true, ConfigurationsBlobName = "devices.txt" }, "ArgumentInvalid"),
            (Export() with { IncludeConfigurations = true, ConfigurationsBlobName = "../c" }, "ArgumentInvalid"),
            (Export() with { OutputBlobName = "a/../b" }, "ArgumentInvalid"),
            (Export() with { OutputBlobName = new string('a', 1025) }, "ArgumentInvalid"),
            (Export() with { OutputBlobContainerUri = "ftp://x/y?sig=1" }, "BlobContainerValidationError"),
            (Export() with { OutputBlobContainerUri = container.Url.Replace("127", "user@127", StringComparison.Ordinal) }, "BlobContainerValidationError"),
            (Export() with { OutputBlobContainerUri = container.Url.Replace("sig=good", "", StringComparison.Ordinal) }, "BlobContainerValidationError"),
            (Export() with { OutputBlobContainerUri = container.Url.Replace("good", "bad", StringComparison.Ordinal) }, "BlobContainerValidationError"),
            (Export() with { OutputBlobContainerUri = container.Url + new string('x', 2000) }, "BlobContainerValidationError"),
            (Export() with { OutputBlobContainerUri = container.Url + "\n" }, "BlobContainerValidationError"),
            (Export() with { OutputBlobContainerUri = "\n" + container.Url }, "BlobContainerValidationError"),
            (Export() with { OutputBlobContainerUri = container.Url.Replace("box", "b ox", StringComparison.Ordinal) }, "BlobContainerValidationError"),
            (Export() with { OutputBlobContainerUri = container.Url.Replace("box", "b\tox", StringComparison.Ordinal) }, "BlobContainerValidationError"),
            (Export() with { OutputBlobContainerUri = "http://127.0.0.1:1/box?sig=1" }, "BlobContainerValidationError"),
            (Import(), "BlobContainerValidationError"),
        })
        {
            Assert.Equal(code, (await TryAsync(input)).Error?.Name);
        }

        Assert.Empty(await Jobs.ListAsync(hub.Host.Hub, Token));
        await CreateAsync(Export());
        Assert.Equal("JobQuotaExceeded", (await TryAsync(Export())).Error?.Name);
        Assert.Equal("JobNotFound", (await Jobs.GetAsync(hub.Host.Hub, "none", Token)).Error?.Name);
        Assert.Equal("JobNotFound", (await Jobs.CancelAsync(hub.Host.Hub, HubHost.Actor, "none", Token)).Error?.Name);
    }

    [Fact]
    public async Task Private_addresses_and_plain_http_are_refused_unless_allowed()
    {
        await using var closed = new QueryHost(await HubHost.StartAsync(new HubOptions(), server));
        foreach (var address in new[] { container.Url, "https://127.0.0.1:1/box?sig=1", "https://169.254.169.254/box?sig=1", "https://[::1]/box?sig=1", "https://localhost/box?sig=1" })
        {
            var error = (await closed.Host.Get<ImportExportJobs>().CreateAsync(closed.Host.Hub, HubHost.Actor, Export() with { OutputBlobContainerUri = address }, Token)).Error;
            Assert.Equal("BlobContainerValidationError", error?.Name);
            Assert.Contains("--private-endpoints", error!.Message, StringComparison.Ordinal);
        }

        Assert.Empty(container.Calls);
    }

    private static string Lines(int count, string more = "") => string.Concat(Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{{\"id\":\"d{i:000}\",\"status\":\"enabled\"{more}}}\n")));

    private ImportExportInput Export() => new() { Type = "export", OutputBlobContainerUri = container.Url };

    private ImportExportInput Import() => new() { Type = "Import", InputBlobContainerUri = container.Url, OutputBlobContainerUri = container.Url, StorageAuthenticationType = "keyBased" };

    private async Task<QueryHost> StartAsync(ImportExportOptions options) =>
        new(await HubHost.StartAsync(new HubOptions { ImportExport = options, Sinks = new SinkOptions { AllowPrivateAddresses = true } }, server));

    private Task<Result<ImportExportJob>> TryAsync(ImportExportInput input) => Jobs.CreateAsync(hub.Host.Hub, HubHost.Actor, input, Token);

    private async Task<ImportExportJob> CreateAsync(ImportExportInput input, QueryHost? on = null)
    {
        var host = (on ?? hub).Host;
        var made = await host.Get<ImportExportJobs>().CreateAsync(host.Hub, HubHost.Actor, input, Token);
        Assert.True(made.IsOk, made.Error?.Message);
        Assert.Equal("enqueued", made.Value.Status);
        return made.Value;
    }

    private async Task<ImportExportJob> GetAsync(string jobId, QueryHost? on = null)
    {
        var host = (on ?? hub).Host;
        return (await host.Get<ImportExportJobs>().GetAsync(host.Hub, jobId, Token)).Value;
    }

    private async Task<ImportExportJob> RunAsync(ImportExportInput input, QueryHost? on = null)
    {
        var made = await CreateAsync(input, on);
        await DriveAsync(on ?? hub);
        return await GetAsync(made.JobId, on);
    }

    /// <summary>Lets what is due run to its end, with the clock going on.</summary>
    private static async Task DriveAsync(QueryHost on)
    {
        var runner = on.Host.Get<JobRunner>();
        await runner.LookAsync(Token);
        var idle = runner.WhenIdleAsync();
        for (var tries = 0; !idle.IsCompleted; tries++)
        {
            Assert.True(tries < 4_000);
            await Task.WhenAny(idle, Task.Delay(10, Token));
            on.Host.Time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private async Task<string> IdsAsync() => string.Join(' ', (await hub.AllAsync("SELECT * FROM devices")).Select(row => row.GetProperty("deviceId").GetString()));
}
