using System.Text.Json;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>Jobs over REST: the shapes of the SDKs, the words of refusals.</summary>
public sealed class JobTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Version = "?api-version=2021-04-12";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_twin_job_is_shown_as_the_service_shows_it_and_ends()
    {
        await api.AskAsOwnerAsync("PUT", $"/devices/jobbed{Version}", """{"deviceId":"jobbed"}""");
        const string patch = """{"etag":"*","tags":{"n": 1.50}}""";

        var made = await api.AskAsOwnerAsync("PUT", $"/jobs/v2/twin-1{Version}", $$"""{"jobId":"twin-1","type":"scheduleUpdateTwin","updateTwin":{{patch}},"cloudToDeviceMethod":null,"queryCondition":"deviceId='jobbed'","startTime":null,"maxExecutionTimeInSeconds":60}""");
        var twice = await api.AskAsOwnerAsync("PUT", $"/jobs/v2/twin-1{Version}", """{"type":"scheduleUpdateTwin","updateTwin":{"tags":{}}}""");
        var job = await EndAsync("twin-1");

        Assert.Equal((200, "application/json; charset=utf-8"), (made.Code, made.Header("Content-Type")));
        var shown = JsonDocument.Parse(made.Body).RootElement;
        Assert.Equal(["jobId", "queryCondition", "createdTime", "startTime", "maxExecutionTimeInSeconds", "type", "updateTwin", "status", "deviceJobStatistics"], shown.EnumerateObject().Select(each => each.Name));
        Assert.Equal((patch, "queued"), (shown.GetProperty("updateTwin").GetRawText(), shown.GetProperty("status").GetString()));
        ErrorShape.Check(twice, 409, "JobAlreadyExists");
        Assert.Equal("completed", job.GetProperty("status").GetString());
        Assert.Equal("""{"deviceCount":1,"failedCount":0,"succeededCount":1,"runningCount":0,"pendingCount":0}""", job.GetProperty("deviceJobStatistics").GetRawText());
        Assert.True(job.TryGetProperty("endTime", out _));
        ErrorShape.Check(await api.AskAsOwnerAsync("POST", $"/jobs/v2/twin-1/cancel{Version}"), 400, "InvalidOperation");

        var records = await api.AskAsOwnerAsync("POST", $"/devices/query{Version}", """{"query":"SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'twin-1'"}""");
        Assert.Equal("DeviceJob", records.Header("x-ms-item-type"));
        Assert.Equal("jobbed", JsonDocument.Parse(records.Body).RootElement[0].GetProperty("deviceId").GetString());
    }

    [Fact]
    public async Task A_method_job_is_kept_with_its_defaults_listed_and_cancelled()
    {
        var made = await api.AskAsOwnerAsync(
            "PUT", $"/jobs/v2/method-1{Version}", """{"type":"scheduleDeviceMethod","cloudToDeviceMethod":{"methodName":"m","payload":{"a": 1.0}},"queryCondition":"*","startTime":"2100-01-01T00:00:00Z"}""");
        ErrorShape.Check(made, 400, "ArgumentInvalid");
        var soon = api.Time.GetUtcNow().AddHours(1).ToString("O");
        made = await api.AskAsOwnerAsync("PUT", $"/jobs/v2/method-1{Version}", $$"""{"type":"ScheduleDeviceMethod","cloudToDeviceMethod":{"methodName":"m","payload":{"a": 1.0} },"queryCondition":"*","startTime":"{{soon}}" }""");
        var listed = await api.AskAsOwnerAsync("GET", $"/jobs/v2/query{Version}&jobType=ScheduleDeviceMethod&jobStatus=Scheduled");
        var cancelled = await api.AskAsOwnerAsync("POST", $"/jobs/v2/method-1/cancel{Version}", "");

        Assert.Equal("""{"methodName":"m","payload":{"a": 1.0},"responseTimeoutInSeconds":30,"connectTimeoutInSeconds":0}""", JsonDocument.Parse(made.Body).RootElement.GetProperty("cloudToDeviceMethod").GetRawText());
        Assert.Equal("scheduled", JsonDocument.Parse(made.Body).RootElement.GetProperty("status").GetString());
        Assert.Equal(("JobResponse", 1), (listed.Header("x-ms-item-type"), JsonDocument.Parse(listed.Body).RootElement.GetArrayLength()));
        Assert.True(string.IsNullOrEmpty(listed.Header("x-ms-continuation")));
        Assert.Equal((200, "cancelled"), (cancelled.Code, JsonDocument.Parse(cancelled.Body).RootElement.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Pages_of_jobs_join()
    {
        var soon = api.Time.GetUtcNow().AddHours(1).ToString("O");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await api.AskAsOwnerAsync("PUT", $"/jobs/v2/page-{i}{Version}", $$"""{"type":"scheduleUpdateTwin","updateTwin":{"tags":{"a":1} },"startTime":"{{soon}}"}""")).Code);
            api.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        var first = await api.AskAsOwnerAsync("GET", $"/jobs/v2/query{Version}&jobStatus=scheduled&jobType=scheduleUpdateTwin", change: request => request.Headers.Add("x-ms-max-item-count", "2"));
        var second = await api.AskAsOwnerAsync("GET", $"/jobs/v2/query{Version}&jobStatus=scheduled&jobType=scheduleUpdateTwin", change: request =>
        {
            request.Headers.Add("x-ms-max-item-count", "2");
            request.Headers.Add("x-ms-continuation", first.Header("x-ms-continuation"));
        });

        Assert.Equal(["page-2", "page-1"], Ids(first));
        Assert.Equal(["page-0"], Ids(second));
        Assert.Null(second.Header("x-ms-continuation"));
        ErrorShape.Check(await api.AskAsOwnerAsync("GET", $"/jobs/v2/query{Version}&jobStatus=asleep"), 400, "ArgumentInvalid");
    }

    [Fact]
    public async Task A_job_that_is_not_there_is_unknown()
    {
        Assert.Equal((200, """{"jobId":"none","type":"unknown","status":"unknown"}"""), await StatusAndBodyAsync("none"));
        Assert.Equal((200, """{"jobId":"no id","type":"unknown","status":"unknown"}"""), await StatusAndBodyAsync("no%20id"));
        ErrorShape.Check(await api.AskAsOwnerAsync("POST", $"/jobs/v2/none/cancel{Version}"), 404, "JobNotFound");
    }

    [Theory]
    [InlineData("{}", "must be scheduleUpdateTwin or")]
    [InlineData("""{"jobId":"other"}""", "must equal")]
    [InlineData("""{"type":"scheduleUpdateTwin"}""", "needs updateTwin")]
    [InlineData("""{"type":"scheduleUpdateTwin","updateTwin":7}""", "")]
    [InlineData("""{"type":"scheduleUpdateTwin","updateTwin":{"tags":{"a":1}},"queryCondition":"tags. = 1"}""", "position 7")]
    [InlineData("""{"type":"scheduleUpdateTwin","updateTwin":{"tags":{"a":1}},"maxExecutionTimeInSeconds":1.5}""", "")]
    public async Task What_is_no_job_is_a_400_with_words(string body, string words)
    {
        var answer = await api.AskAsOwnerAsync("PUT", $"/jobs/v2/bad{Version}", body);

        Assert.Equal(400, answer.Code);
        Assert.Contains(words, JsonDocument.Parse(answer.Body).RootElement.GetProperty("Message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "ArgumentInvalid")]
    [InlineData("""{"type":"export"}""", "ArgumentNull")]
    [InlineData("""{"type":"export","outputBlobContainerUri":"https://example.org/box?sig=1","storageAuthenticationType":"IdentityBased"}""", "ArgumentInvalid")]
    [InlineData("""{"type":"export","outputBlobContainerUri":"https://example.org/box?sig=1","includeConfigurations":true,"configurationsBlobName":"devices.txt"}""", "ArgumentInvalid")]
    [InlineData("""{"jobId":null,"type":"export","outputBlobContainerUri":"https://127.0.0.1/box?sig=1","excludeKeysInExport":true,"includeConfigurations":null}""", "BlobContainerValidationError")]
    [InlineData("""{"type":"import","inputBlobContainerUri":"https://10.0.0.1/box?sig=1","outputBlobContainerUri":"https://10.0.0.1/box?sig=1"}""", "BlobContainerValidationError")]
    public async Task An_export_that_cannot_be_is_refused_at_once(string body, string code)
    {
        ErrorShape.Check(await api.AskAsOwnerAsync("POST", $"/jobs/create{Version}", body), 400, code);

        Assert.Equal("[]", (await api.AskAsOwnerAsync("GET", $"/jobs{Version}")).Body);
        ErrorShape.Check(await api.AskAsOwnerAsync("GET", $"/jobs/none{Version}"), 404, "JobNotFound");
        ErrorShape.Check(await api.AskAsOwnerAsync("DELETE", $"/jobs/none{Version}"), 404, "JobNotFound");
    }

    private static IEnumerable<string?> Ids(RunningApi.Answer answer) => JsonDocument.Parse(answer.Body).RootElement.EnumerateArray().Select(job => job.GetProperty("jobId").GetString());

    private async Task<(int, string)> StatusAndBodyAsync(string jobId)
    {
        var answer = await api.AskAsOwnerAsync("GET", $"/jobs/v2/{jobId}{Version}");
        return (answer.Code, answer.Body);
    }

    private async Task<JsonElement> EndAsync(string jobId)
    {
        for (var tries = 0; ; tries++)
        {
            var job = JsonDocument.Parse((await api.AskAsOwnerAsync("GET", $"/jobs/v2/{jobId}{Version}")).Body).RootElement;
            if (job.TryGetProperty("endTime", out _))
            {
                return job;
            }

            Assert.True(tries < 500);
            await Task.Delay(10, Token);
        }
    }
}
