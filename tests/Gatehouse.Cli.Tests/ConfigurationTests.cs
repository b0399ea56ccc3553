using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class ConfigurationTests(RunningServer server)
{
    [Fact]
    public async Task A_configuration_is_made_shown_changed_applied_and_deleted()
    {
        await CliRun.OkAsync(server.On("device", "create", "configured-1"));
        await CliRun.OkAsync(server.On(
            "configuration", "create", "cli-1", "--content", """{"deviceContent":{"properties.desired.interval":5}}""", "--target-condition", "deviceId = 'configured-1'", "--priority", "3",
            "--labels", """{"by":"test"}""", "--metrics", """{"all":"SELECT deviceId FROM devices WHERE deviceId = 'configured-1'"}"""));

        var shown = (await CliRun.OkAsync(server.On("configuration", "show", "cli-1"))).Output;
        Assert.Matches("(?m)^target condition +deviceId = 'configured-1'$", shown);
        Assert.Contains("cli-1", (await CliRun.OkAsync(server.On("configuration", "list"))).Output, StringComparison.Ordinal);
        var changed = (await CliRun.OkAsync(server.On("configuration", "update", "cli-1", "--priority", "4", "--json"))).Json;
        Assert.Equal((4, "deviceId = 'configured-1'", "test"), ((int)changed["priority"]!, (string)changed["targetCondition"]!, (string)changed["labels"]!["by"]!));
        await CliRun.RefusedAsync(1, server.On("configuration", "update", "cli-1", "--priority", "5", "--etag", "other"), "PreconditionFailed");
        var metric = (await CliRun.OkAsync(server.On("configuration", "show-metric", "cli-1", "--metric-id", "all", "--json"))).Json;
        Assert.Equal("configured-1", (string)metric["result"]![0]!["deviceId"]!);
        Assert.Contains("configured-1", (await CliRun.OkAsync(server.On("configuration", "show-metric", "cli-1", "-m", "targetedCount", "--metric-type", "system"))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(2, server.On("configuration", "show-metric", "cli-1", "--metric-id", "none"), "it has: all");
        await CliRun.OkAsync(server.On("configuration", "delete", "cli-1"));
        await CliRun.RefusedAsync(1, server.On("configuration", "show", "cli-1"), "ConfigurationNotFound");
    }

    [Fact]
    public async Task Content_is_applied_to_one_device_and_seen_in_a_query()
    {
        await CliRun.OkAsync(server.On("device", "create", "configured-2"));

        await CliRun.OkAsync(server.On("configuration", "apply", "configured-2", "--content", """{"content":{"deviceContent":{"properties.desired.a":1}}}"""));

        Assert.Equal("""{"a":1}""" + Environment.NewLine, (await CliRun.OkAsync(server.On("query", "SELECT properties.desired.a FROM devices WHERE deviceId = 'configured-2'"))).Output);
        Assert.Single((await CliRun.OkAsync(server.On("query", "SELECT deviceId FROM devices", "--top", "1", "--json"))).Json.AsArray());
        await CliRun.RefusedAsync(1, server.On("query", "SELECT"), "ArgumentInvalid");
    }

    [Fact]
    public async Task Mistakes_are_said_before_anything_is_sent()
    {
        await CliRun.RefusedAsync(2, server.On("configuration", "update", "cli-1"), "nothing is named");
        await CliRun.RefusedAsync(2, server.On("configuration", "create", "cli-1", "--content", "{oops"), "--content");
        await CliRun.RefusedAsync(2, server.On("query", "SELECT * FROM devices", "--top", "0"), "--top");
        await CliRun.RefusedAsync(2, server.On("device", "invoke-method", "d", "--method-name", "m", "--timeout", "4"), "--timeout");
        await CliRun.RefusedAsync(2, server.On("device", "invoke-method", "d", "--method-name", "m", "--method-payload", "{oops"), "--method-payload");
        await CliRun.RefusedAsync(2, server.On("device", "c2d-message", "receive", "d", "--complete", "--reject"), "only one");
    }

    [Fact]
    public async Task A_method_of_a_device_that_is_not_connected_is_refused()
    {
        await CliRun.OkAsync(server.On("device", "create", "configured-3"));

        await CliRun.RefusedAsync(1, server.On("device", "invoke-method", "configured-3", "--method-name", "m", "--method-payload", "{\"a\":1}"), "404103");
    }

    [Fact]
    public async Task Messages_are_received_and_settled_in_the_place_of_a_device()
    {
        await CliRun.OkAsync(server.On("device", "create", "configured-4"));
        await CliRun.OkAsync(server.On("device", "c2d-message", "send", "configured-4", "--body", "one", "--properties", "room=12"));

        var first = (await CliRun.OkAsync(server.On("device", "c2d-message", "receive", "configured-4", "--json"))).Json;
        Assert.Equal(("one", "12"), ((string)first["data"]!, (string)first["properties"]!["room"]!));
        await CliRun.OkAsync(server.On("device", "c2d-message", "abandon", "configured-4", "--etag", (string)first["etag"]!));
        var second = (await CliRun.OkAsync(server.On("device", "c2d-message", "receive", "configured-4", "--json"))).Json;
        await CliRun.OkAsync(server.On("device", "c2d-message", "complete", "configured-4", "--etag", (string)second["etag"]!));
        Assert.Equal("", (await CliRun.OkAsync(server.On("device", "c2d-message", "receive", "configured-4"))).Output);
        await CliRun.OkAsync(server.On("device", "c2d-message", "send", "configured-4", "--body", "two"));
        Assert.Contains("two", (await CliRun.OkAsync(server.On("device", "c2d-message", "receive", "configured-4", "--reject"))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("device", "c2d-message", "reject", "configured-4", "--etag", (string)second["etag"]!), "DeviceMessageLockLost");
    }
}
