using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Tests.Queries;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Jobs;

/// <summary>A hub whose jobs are made and run when the test says so.</summary>
internal sealed class JobHost(QueryHost queries) : IAsyncDisposable
{
    internal const string Patch = """{"etag":"*","tags":{"wave":1},"properties":{"desired":{"speed":9}}}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal QueryHost Queries { get; } = queries;

    internal HubHost Host => Queries.Host;

    internal Hub.Jobs.Jobs Jobs => Host.Get<Hub.Jobs.Jobs>();

    internal JobRunner Runner => Host.Get<JobRunner>();

    internal JobParts Parts => Host.Get<JobParts>();

    internal static async Task<JobHost> StartAsync(PostgresServer? server, JobOptions? options = null) =>
        new(new QueryHost(await HubHost.StartAsync(new HubOptions { Jobs = options ?? new JobOptions() }, server)));

    internal async Task MakeAsync(int count, string tags = "{}")
    {
        for (var i = 0; i < count; i++)
        {
            await Queries.MakeAsync($"d{i:00}", tags);
        }
    }

    internal static JobInput Update(string jobId, string? condition = "*", string patch = Patch) =>
        new() { JobId = jobId, Type = "scheduleUpdateTwin", QueryCondition = condition, UpdateTwin = Encoding.UTF8.GetBytes(patch) };

    internal static JobInput Method(string jobId, string? condition = "*", int response = 30) =>
        new() { JobId = jobId, Type = "scheduleDeviceMethod", QueryCondition = condition, Method = new JobMethod("reboot", "{\"in\":5}"u8.ToArray(), response, null) };

    internal Task<Result<Job>> TryCreateAsync(JobInput input) => Jobs.CreateAsync(Host.Hub, HubHost.Actor, input, Token);

    internal async Task<Job> CreateAsync(JobInput input)
    {
        var made = await TryCreateAsync(input);
        Assert.True(made.IsOk, made.Error?.Message);
        return made.Value;
    }

    internal Task<Result<Job>> CancelAsync(string jobId) => Jobs.CancelAsync(Host.Hub, HubHost.Actor, jobId, Token);

    internal async Task<Job> GetAsync(string jobId) => (await Jobs.GetAsync(Host.Hub, jobId, Token)).Value;

    /// <summary>Status and counts: devices, failed, succeeded, running, pending.</summary>
    internal async Task<string> ShowAsync(string jobId)
    {
        var job = await GetAsync(jobId);
        var counts = job.Statistics;
        return $"{job.Status} {counts.DeviceCount} {counts.FailedCount} {counts.SucceededCount} {counts.RunningCount} {counts.PendingCount}";
    }

    /// <summary>Runs what is due to its end; for jobs that wait for nothing.</summary>
    internal async Task RunAsync()
    {
        await Runner.LookAsync(Token);
        await Runner.WhenIdleAsync().WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    /// <summary>Lets time pass, a second at a time, until the job shows so.</summary>
    internal async Task UntilAsync(string jobId, string shown)
    {
        for (var tries = 0; await ShowAsync(jobId) is var now && now != shown; tries++)
        {
            Assert.True(tries < 2_000, $"{now} instead of {shown}");
            await Task.Delay(5, Token);
            Host.Time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Device and status of all records that a condition finds.</summary>
    internal async Task<string> RecordsAsync(string condition, int? items = null) => string.Join(
        ' ',
        (await Queries.AllAsync($"SELECT * FROM devices.jobs WHERE {condition}", items)).Select(row => $"{row.GetProperty("deviceId").GetString()}:{row.GetProperty("status").GetString()}"));

    internal async Task<JsonElement> RecordAsync(string condition) => Assert.Single(await Queries.AllAsync($"SELECT * FROM devices.jobs WHERE {condition}"));

    public ValueTask DisposeAsync() => Queries.DisposeAsync();
}
