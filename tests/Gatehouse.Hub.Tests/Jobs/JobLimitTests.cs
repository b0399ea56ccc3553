using System.Globalization;
using Gatehouse.Hub.Jobs;
using Xunit;

namespace Gatehouse.Hub.Tests.Jobs;

/// <summary>What no job may be, and every limit at its boundary and one past it.</summary>
public sealed class JobLimitTests : IAsyncLifetime
{
    private JobHost hub = null!;

    public async ValueTask InitializeAsync() => hub = await JobHost.StartAsync(null, new JobOptions { MaxActive = 2, MaxScheduled = 1, MaxDelay = TimeSpan.FromDays(2), MaxExecutionTime = TimeSpan.FromSeconds(100) });

    public ValueTask DisposeAsync() => hub.DisposeAsync();

    [Theory]
    [InlineData("tags.site = ", "position 13")]
    [InlineData("tags.site = 'a' GROUP BY tags.site", "position 17")]
    [InlineData("SELECT deviceId FROM devices", "nothing else")]
    [InlineData("SELECT TOP 3 * FROM devices", "nothing else")]
    [InlineData("SELECT * FROM devices.jobs", "nothing else")]
    [InlineData("FROM devices.jobs", "nothing else")]
    [InlineData("FROM devices.modules WHERE ?", "position 28")]
    public async Task A_condition_that_is_none_is_refused_with_its_place(string condition, string words)
    {
        var error = (await hub.TryCreateAsync(JobHost.Update("j1", condition))).Error;

        Assert.Equal("ArgumentInvalid", error?.Name);
        Assert.Contains(words, error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a_b")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task An_id_has_at_most_64_letters_digits_and_dashes(string id) => Assert.Equal("ArgumentInvalid", await ErrorAsync(JobHost.Update(id)));

    [Fact]
    public async Task A_job_must_not_contradict_itself()
    {
        var (update, method) = (JobHost.Update("j1"), JobHost.Method("j1"));
        foreach (var (input, words) in new[]
        {
            (update with { Type = null }, "must be scheduleUpdateTwin or"),
            (update with { Type = "export" }, "must be scheduleUpdateTwin or"),
            (update with { UpdateTwin = null }, "needs updateTwin"),
            (update with { Method = method.Method }, "no cloudToDeviceMethod"),
            (method with { Method = null }, "needs cloudToDeviceMethod"),
            (method with { UpdateTwin = update.UpdateTwin }, "no updateTwin"),
            (method with { Method = method.Method! with { Name = "" } }, "methodName is missing"),
            (method with { Method = method.Method! with { Name = "a b" } }, "method name"),
            (method with { Method = method.Method! with { ResponseTimeoutInSeconds = 4 } }, "5 and 300"),
            (method with { Method = method.Method! with { ConnectTimeoutInSeconds = 301 } }, "0 and 300"),
            (JobHost.Update("j1", "*", "{}"), "neither tags nor desired"),
            (JobHost.Update("j1", "*", """{"properties":{"reported":{"a":1}}}"""), "neither tags nor desired"),
            (JobHost.Update("j1", "*", """{"tags":{"a.b":1}}"""), ""),
            (JobHost.Update("j1", "*", "[]"), ""),
            (update with { StartTime = "tomorrow" }, "startTime"),
        })
        {
            var error = (await hub.TryCreateAsync(input)).Error;
            Assert.Equal(400, error?.HttpStatus);
            Assert.Contains(words, error!.Message, StringComparison.Ordinal);
        }

        Assert.Empty((await hub.Jobs.QueryAsync(hub.Host.Hub, null, null, null, null, TestContext.Current.CancellationToken)).Value.Jobs);
    }

    [Fact]
    public async Task Times_have_an_end()
    {
        string At(TimeSpan span) => (hub.Host.Time.GetUtcNow() + span).ToString("O", CultureInfo.InvariantCulture);

        Assert.Null(await ErrorAsync(JobHost.Update("a") with { StartTime = At(TimeSpan.FromDays(2)) }));
        Assert.Equal("ArgumentInvalid", await ErrorAsync(JobHost.Update("b") with { StartTime = At(TimeSpan.FromDays(2) + TimeSpan.FromTicks(1)) }));
        Assert.Null(await ErrorAsync(JobHost.Update("c") with { MaxExecutionTimeInSeconds = 100 }));
        Assert.Null(await ErrorAsync(JobHost.Update("d") with { MaxExecutionTimeInSeconds = 1, StartTime = "0001-01-01T00:00:00" }));
        Assert.Equal("ArgumentInvalid", await ErrorAsync(JobHost.Update("e") with { MaxExecutionTimeInSeconds = 101 }));
        Assert.Equal("ArgumentInvalid", await ErrorAsync(JobHost.Update("f") with { MaxExecutionTimeInSeconds = 0 }));
    }

    [Fact]
    public async Task As_many_jobs_as_may_and_one_more()
    {
        var later = (hub.Host.Time.GetUtcNow() + TimeSpan.FromHours(1)).ToString("O", CultureInfo.InvariantCulture);

        Assert.Null(await ErrorAsync(JobHost.Update("a")));
        Assert.Equal("JobAlreadyExists", await ErrorAsync(JobHost.Update("a")));
        Assert.Null(await ErrorAsync(JobHost.Update("b")));
        Assert.Equal("JobQuotaExceeded", await ErrorAsync(JobHost.Update("c")));
        Assert.Null(await ErrorAsync(JobHost.Update("d") with { StartTime = later }));
        Assert.Equal("JobQuotaExceeded", await ErrorAsync(JobHost.Update("e") with { StartTime = later }));

        await hub.RunAsync();
        Assert.Null(await ErrorAsync(JobHost.Update("c")));
        Assert.Equal("JobAlreadyExists", await ErrorAsync(JobHost.Update("a")));
    }

    private async Task<string?> ErrorAsync(JobInput input) => (await hub.TryCreateAsync(input with { MaxExecutionTimeInSeconds = input.MaxExecutionTimeInSeconds ?? 100 })).Error?.Name;
}
