using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class JobTests(RunningServer server)
{
    [Fact]
    public async Task A_job_updates_twins_and_is_shown_and_listed()
    {
        await CliRun.OkAsync(server.On("device", "create", "job-1"));

        await CliRun.OkAsync(server.On(
            "job", "create", "cli-update", "--job-type", "scheduleUpdateTwin", "--query-condition", "deviceId = 'job-1'", "--twin-patch", """{"tags":{"by":"job"}}""", "--wait"));

        Assert.Matches("(?m)^status +completed$", (await CliRun.OkAsync(server.On("job", "show", "cli-update"))).Output);
        Assert.Equal("job", (string)(await CliRun.OkAsync(server.On("twin", "show", "job-1", "--json"))).Json["tags"]!["by"]!);
        Assert.Contains("cli-update", (await CliRun.OkAsync(server.On("job", "list", "--job-status", "completed"))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("job", "show", "none"), "there is no job 'none'");
    }

    [Fact]
    public async Task A_job_that_is_to_begin_later_can_be_cancelled()
    {
        await CliRun.OkAsync(server.On(
            "job", "create", "cli-later", "--job-type", "scheduleDeviceMethod", "--query-condition", "*", "--method-name", "m", "--start-time", DateTime.UtcNow.AddHours(1).ToString("O")));

        Assert.Equal("cancelled", (string)(await CliRun.OkAsync(server.On("job", "cancel", "cli-later", "--json"))).Json["status"]!);
    }

    [Fact]
    public async Task Mistakes_are_said_before_anything_is_sent()
    {
        await CliRun.RefusedAsync(2, server.On("job", "create", "j", "--job-type", "scheduleDeviceMethod", "--query-condition", "*"), "--method-name");
        await CliRun.RefusedAsync(2, server.On("job", "create", "j", "--job-type", "scheduleUpdateTwin", "--query-condition", "*"), "--twin-patch");
        await CliRun.RefusedAsync(2, server.On("job", "list", "--top", "0"), "--top");
    }
}
