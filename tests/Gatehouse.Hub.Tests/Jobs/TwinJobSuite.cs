using System.Globalization;
using System.Text.Json;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Tests.Routing;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Jobs;

public sealed class SqliteTwinJobTests() : TwinJobSuite(null);

public sealed class PostgresTwinJobTests(PostgresServer server) : TwinJobSuite(server);

/// <summary>Jobs that write twins: every chosen device exactly once, whatever happens in between.</summary>
public abstract class TwinJobSuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<JobHost> StartAsync(JobOptions? options = null) => JobHost.StartAsync(server, options);

    [Fact]
    public async Task Every_device_that_meets_the_condition_is_written_once_and_recorded()
    {
        await using var hub = await StartAsync(new JobOptions { BatchDevices = 7 });
        await hub.MakeAsync(23, """{"site":"a"}""");
        await hub.Queries.MakeAsync("other", """{"site":"b"}""");

        var made = await hub.CreateAsync(JobHost.Update("j1", "tags.site = 'a'"));
        await hub.RunAsync();

        Assert.Equal(("queued", "scheduleUpdateTwin", "tags.site = 'a'", 3600L), (made.Status, made.Type, made.QueryCondition, made.MaxExecutionTimeInSeconds));
        Assert.Equal("completed 23 0 23 0 0", await hub.ShowAsync("j1"));
        Assert.NotNull((await hub.GetAsync("j1")).EndTime);
        Assert.Equal(23, (await hub.Queries.AllAsync("SELECT * FROM devices WHERE tags.wave = 1 AND properties.desired.speed = 9 AND properties.desired.$version = 3")).Count);
        Assert.Empty(await hub.Queries.AllAsync("SELECT * FROM devices WHERE deviceId = 'other' AND tags.wave = 1"));
        var record = await hub.RecordAsync("deviceId = 'd07'");
        Assert.Equal(("j1", "scheduleUpdateTwin", "completed"), (record.GetProperty("jobId").GetString(), record.GetProperty("jobType").GetString(), record.GetProperty("status").GetString()));
        Assert.True(record.TryGetProperty("startTimeUtc", out _) && record.TryGetProperty("endTimeUtc", out _) && record.TryGetProperty("createdDateTimeUtc", out _));
        Assert.Contains("job.create j1", await hub.Host.AuditedAsync());
    }

    [Theory]
    [InlineData("*", "d00 d01 d02")]
    [InlineData("", "d00 d01 d02")]
    [InlineData(null, "d00 d01 d02")]
    [InlineData("deviceId IN ['d00', 'd02', 'none']", "d00 d02")]
    [InlineData("DeviceId IN ['d01']", "d01")]
    [InlineData("STARTS_WITH(deviceId, 'd0') AND deviceId != 'd01'", "d00 d02")]
    [InlineData("SELECT * FROM devices WHERE deviceId = 'd02'", "d02")]
    [InlineData("from devices.modules where moduleId = 'm1'", "d01")]
    [InlineData("FROM devices.modules", "d01")]
    [InlineData("tags.none = 1", "")]
    public async Task The_condition_may_have_every_form_that_clients_send(string? condition, string devices)
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(3);
        await hub.Queries.MakeAsync("d01/m1");

        await hub.CreateAsync(JobHost.Update("j1", condition));
        await hub.RunAsync();

        Assert.Equal(devices.Replace(" ", ":completed ", StringComparison.Ordinal) + (devices.Length > 0 ? ":completed" : ""), await hub.RecordsAsync("jobId = 'j1'"));
        Assert.Equal("completed", (await hub.GetAsync("j1")).Status);
        if (condition?.Contains("modules", StringComparison.Ordinal) == true)
        {
            Assert.Equal("m1", (await hub.RecordAsync("jobId = 'j1'")).GetProperty("moduleId").GetString());
            Assert.Single(await hub.Queries.AllAsync("SELECT * FROM devices.modules WHERE tags.wave = 1"));
            Assert.Empty(await hub.Queries.AllAsync("SELECT * FROM devices WHERE tags.wave = 1"));
        }
    }

    [Fact]
    public async Task A_job_that_changes_what_it_chooses_by_reaches_all_it_chose()
    {
        await using var hub = await StartAsync(new JobOptions { BatchDevices = 2 });
        await hub.MakeAsync(9, """{"site":"a"}""");

        await hub.CreateAsync(JobHost.Update("j1", "tags.site = 'a'", """{"tags":{"site":"b"}}"""));
        await hub.RunAsync();

        Assert.Equal("completed 9 0 9 0 0", await hub.ShowAsync("j1"));
        Assert.Equal(9, (await hub.Queries.AllAsync("SELECT * FROM devices WHERE tags.site = 'b'")).Count);
    }

    [Fact]
    public async Task A_run_that_ends_anywhere_is_gone_on_with_and_no_twin_is_written_twice_or_missed()
    {
        await using var hub = await StartAsync(new JobOptions { BatchDevices = 3 });
        await hub.MakeAsync(20);
        await hub.CreateAsync(JobHost.Update("j1"));
        var stops = 0;
        for (; (await hub.GetAsync("j1")).Status != "completed"; stops++)
        {
            Assert.True(stops < 30);
            using var crash = new CancellationTokenSource();
            using var observed = hub.Host.Get<JobEvents>().Subscribe(_ => crash.Cancel());
            await new RunningJob(hub.Host.Hub, "j1", hub.Parts).RunAsync(crash.Token);
        }

        Assert.True(stops > 3, $"{stops} stops: the runs did not end early");
        Assert.Equal("completed 20 0 20 0 0", await hub.ShowAsync("j1"));
        Assert.Equal(20, (await hub.Queries.AllAsync("SELECT * FROM devices WHERE properties.desired.$version = 3")).Count);
    }

    [Fact]
    public async Task A_cancelled_job_leaves_the_rest_alone()
    {
        await using var hub = await StartAsync(new JobOptions { BatchDevices = 1 });
        await hub.MakeAsync(10);
        await hub.CreateAsync(JobHost.Update("j1"));
        var completed = 0;
        using var observed = hub.Host.Get<JobEvents>().Subscribe(told =>
        {
            if (told.Status == "completed" && ++completed == 4)
            {
                // After the commit the observer may write: the next batch finds the job cancelled.
                Assert.Equal("cancelled", hub.CancelAsync("j1").GetAwaiter().GetResult().Value.Status);
            }
        });
        await hub.RunAsync();

        Assert.Equal("cancelled 10 0 4 0 0", await hub.ShowAsync("j1"));
        Assert.Equal(4, (await hub.Queries.AllAsync("SELECT * FROM devices WHERE tags.wave = 1")).Count);
        Assert.Equal(6, (await hub.Queries.AllAsync("SELECT * FROM devices.jobs WHERE status = 'canceled'")).Count);
        Assert.Equal("cancelled", (await hub.CancelAsync("j1")).Value.Status);
        Assert.Contains("job.cancel j1", await hub.Host.AuditedAsync());
    }

    [Fact]
    public async Task A_job_waits_for_its_time_and_may_be_cancelled_before()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(1);
        var later = (hub.Host.Time.GetUtcNow() + TimeSpan.FromMinutes(5)).ToString("O", CultureInfo.InvariantCulture);
        Assert.Equal("scheduled", (await hub.CreateAsync(JobHost.Update("j1") with { StartTime = later })).Status);
        await hub.CreateAsync(JobHost.Update("j2") with { StartTime = later });
        await hub.CancelAsync("j2");

        await hub.RunAsync();
        Assert.Equal("scheduled 0 0 0 0 0", await hub.ShowAsync("j1"));
        hub.Host.Time.Advance(TimeSpan.FromMinutes(5));
        await hub.RunAsync();

        Assert.Equal("completed 1 0 1 0 0", await hub.ShowAsync("j1"));
        Assert.Equal("cancelled 0 0 0 0 0", await hub.ShowAsync("j2"));
        Assert.Equal("InvalidOperation", (await hub.CancelAsync("j1")).Error?.Name);
        Assert.Equal("JobNotFound", (await hub.CancelAsync("none")).Error?.Name);
    }

    [Fact]
    public async Task A_later_owner_of_a_name_and_a_twin_of_another_version_are_left_alone()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(3);
        await hub.CreateAsync(JobHost.Update("j1"));
        var pending = 0;
        using (hub.Host.Get<JobEvents>().Subscribe(told =>
        {
            if (told.Status == "pending" && ++pending == 3)
            {
                hub.Host.DeleteAsync("d01", IfMatch.Any).GetAwaiter().GetResult();
                hub.Host.PutAsync("d01").GetAwaiter().GetResult();
                hub.Host.DeleteAsync("d02", IfMatch.Any).GetAwaiter().GetResult();
            }
        }))
        {
            await hub.RunAsync();
        }

        Assert.Equal("d00:completed d01:failed d02:failed", await hub.RecordsAsync("jobId = 'j1'"));
        Assert.Equal("DeviceNotFound", (await hub.RecordAsync("deviceId = 'd01'")).GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("completed 3 2 1 0 0", await hub.ShowAsync("j1"));

        await hub.CreateAsync(JobHost.Update("j2", "deviceId = 'd00'", JobHost.Patch.Replace("\"*\"", "\"AAAAAAAAAAA=\"", StringComparison.Ordinal)));
        await hub.RunAsync();
        Assert.Equal("PreconditionFailed", (await hub.RecordAsync("jobId = 'j2'")).GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Devices_that_the_time_does_not_reach_have_failed()
    {
        await using var hub = await StartAsync(new JobOptions { BatchDevices = 1 });
        await hub.MakeAsync(3);
        await hub.CreateAsync(JobHost.Update("j1") with { MaxExecutionTimeInSeconds = 60 });
        using var observed = hub.Host.Get<JobEvents>().Subscribe(told =>
        {
            if (told.Status == "completed")
            {
                hub.Host.Time.Advance(TimeSpan.FromSeconds(60));
            }
        });
        await hub.RunAsync();

        Assert.Equal("completed 3 2 1 0 0", await hub.ShowAsync("j1"));
        Assert.Equal("GatewayTimeout", (await hub.RecordAsync("deviceId = 'd02'")).GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Observers_are_told_each_state_of_each_device()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(2);
        var told = new List<string>();
        using (hub.Host.Get<JobEvents>().Subscribe(each => told.Add($"{each.Key} {each.JobId} {each.Status}")))
        {
            await hub.CreateAsync(JobHost.Update("j1"));
            await hub.RunAsync();
        }

        await hub.CreateAsync(JobHost.Update("j2"));
        await hub.RunAsync();
        Assert.Equal(["d00 j1 pending", "d01 j1 pending", "d00 j1 completed", "d01 j1 completed"], told);
    }

    [Fact]
    public async Task Routes_are_told_each_state_of_each_device_with_its_record()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(2);
        var outbox = new OutboxHost(hub.Host);
        await outbox.RouteAsync(RouteSource.DeviceJobLifecycleEvents);

        await hub.CreateAsync(JobHost.Update("j1"));
        await hub.RunAsync();

        var told = await outbox.WaitingAsync();
        Assert.Equal(
            ["createDeviceJob d00 pending", "createDeviceJob d01 pending", "updateDeviceJob d00 completed", "updateDeviceJob d01 completed"],
            told.Select(each => $"{OutboxHost.Operation(each)} {JsonElement.Parse(each.Body.Span).GetProperty("status").GetString()}"));
        Assert.All(told, each => Assert.Equal("deviceJobLifecycleNotification", each.ApplicationProperties["iothub-message-schema"]));
    }

    [Fact]
    public async Task Ended_jobs_go_when_they_are_old_or_too_many_with_their_records()
    {
        await using var hub = await StartAsync(new JobOptions { MaxEnded = 3, MaxDeviceRecords = 5, History = TimeSpan.FromHours(1) });
        await hub.MakeAsync(2);
        foreach (var id in new[] { "j1", "j2", "j3" })
        {
            await hub.CreateAsync(JobHost.Update(id));
            await hub.RunAsync();
            hub.Host.Time.Advance(TimeSpan.FromMinutes(10));
        }

        // Three jobs may stay, but five records hold two of them.
        await hub.Host.Get<JobUpkeep>().RunAsync(Token);
        Assert.Equal("j3 j2", await ListAsync(hub));
        Assert.Equal(4, (await hub.Queries.AllAsync("SELECT * FROM devices.jobs")).Count);

        hub.Host.Time.Advance(TimeSpan.FromMinutes(40));
        await hub.Host.Get<JobUpkeep>().RunAsync(Token);
        Assert.Equal("j3 j2", await ListAsync(hub));
        hub.Host.Time.Advance(TimeSpan.FromTicks(1));
        await hub.Host.Get<JobUpkeep>().RunAsync(Token);
        Assert.Equal("j3", await ListAsync(hub));
    }

    [Fact]
    public async Task Jobs_are_listed_newest_first_by_type_and_state_page_by_page()
    {
        await using var hub = await StartAsync(new JobOptions { MaxActive = 20 });
        var later = (hub.Host.Time.GetUtcNow() + TimeSpan.FromDays(1)).ToString("O", CultureInfo.InvariantCulture);
        for (var i = 0; i < 5; i++)
        {
            await hub.CreateAsync(JobHost.Update($"t{i}") with { StartTime = i % 2 == 0 ? later : null });
            await hub.CreateAsync(JobHost.Method($"m{i}"));
            hub.Host.Time.Advance(TimeSpan.FromSeconds(1));
        }

        foreach (var size in new[] { 1, 3, 10, 1000 })
        {
            Assert.Equal("t4 m4 t3 m3 t2 m2 t1 m1 t0 m0", await ListAsync(hub, size: size));
        }

        Assert.Equal("t4 t2 t0", await ListAsync(hub, "ScheduleUpdateTwin", "scheduled", 2));
        Assert.Equal("", await ListAsync(hub, "import"));
        foreach (var (type, status, continuation) in new[] { ("x", "", null), ("", "x", null), ("", "", "%"), ("", "", "AAAA"), ("", "", new string('A', 300)) })
        {
            Assert.Equal("ArgumentInvalid", (await hub.Jobs.QueryAsync(hub.Host.Hub, type, status, null, continuation, Token)).Error?.Name);
        }
    }

    private static async Task<string> ListAsync(JobHost hub, string? type = null, string? status = null, int? size = null)
    {
        var ids = new List<string>();
        string? continuation = null;
        do
        {
            var page = await hub.Jobs.QueryAsync(hub.Host.Hub, type, status, size, continuation, Token);
            Assert.True(page.IsOk && (size is null || page.Value.Jobs.Count <= size));
            ids.AddRange(page.Value.Jobs.Select(job => job.JobId));
            continuation = page.Value.Continuation;
        }
        while (continuation is not null);

        return string.Join(' ', ids);
    }
}
