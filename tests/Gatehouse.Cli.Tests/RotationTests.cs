using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class RotationTests(RunningServer server)
{
    [Fact]
    public async Task A_plan_is_rehearsed_made_started_paused_and_cancelled_and_shows_its_steps()
    {
        var drill = await CliRun.OkAsync(server.On("rotation", "plan", "policy-key", "registryRead", "--drill"));
        Assert.Contains("1 wait until nobody uses the secondary key", drill.Output, StringComparison.Ordinal);

        var made = (await CliRun.OkAsync(server.On("rotation", "plan", "policy-key", "registryRead", "--first", "primary", "--at-latest", "604800", "--json"))).Json;
        var id = (string)made["id"]!;
        Assert.Equal(("planned", "primaryKey", 604_800L, 86_400L), ((string)made["state"]!, (string)made["firstKey"]!, (long)made["atLatestSeconds"]!, (long)made["unusedForSeconds"]!));
        Assert.Contains((await CliRun.OkAsync(server.On("rotation", "list", "--json"))).Json.AsArray(), each => (string?)each!["id"] == id);

        await CliRun.RefusedAsync(1, server.On("rotation", "plan", "policy-key", "registryRead"), id, "cancel it first");

        Assert.Contains("running", (await CliRun.OkAsync(server.On("rotation", "start", id))).Output, StringComparison.Ordinal);
        Assert.Contains("paused", (await CliRun.OkAsync(server.On("rotation", "pause", id))).Output, StringComparison.Ordinal);
        Assert.Equal("running", (string?)(await CliRun.OkAsync(server.On("rotation", "resume", id, "--json"))).Json["state"]);
        Assert.Equal("cancelled", (string?)(await CliRun.OkAsync(server.On("rotation", "cancel", id, "--json"))).Json["state"]);
        var shown = await CliRun.OkAsync(server.On("rotation", "show", id));
        Assert.Contains("nothing was changed", shown.Output, StringComparison.Ordinal);
        Assert.Contains("4 regenerate the secondary key", shown.Output, StringComparison.Ordinal);
    }
}
