using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class PolicyTests(RunningServer server)
{
    [Fact]
    public async Task A_policy_lives_from_create_to_delete_and_its_connection_string_opens_what_its_rights_say()
    {
        Assert.Contains("RegistryRead, ServiceConnect", (await CliRun.OkAsync(server.On("policy", "create", "reader", "--rights", "ServiceConnect,RegistryRead"))).Output, StringComparison.Ordinal);
        var text = (await CliRun.OkAsync(server.On("policy", "connection-string", "reader"))).Output.TrimEnd('\n');
        var port = server.Port("https");
        string[] reader = ["--connection-string", text.Replace("localhost", $"localhost:{port}", StringComparison.Ordinal), "--ca-file", Ca];

        await CliRun.OkAsync(["device", "list", .. reader]);
        var refused = await CliRun.RefusedAsync(1, ["device", "create", "no", .. reader], "'reader'", "lacks the right");
        Assert.DoesNotContain("SharedAccessKey=", refused, StringComparison.Ordinal);

        await CliRun.OkAsync(server.On("policy", "update", "reader", "--rights", "RegistryWrite"));
        await CliRun.OkAsync(["device", "create", "by-reader", .. reader]);
        await CliRun.OkAsync(server.On("policy", "regenerate-key", "reader", "primary"));
        await CliRun.RefusedAsync(1, ["device", "list", .. reader], "its key is not the present one");
        await CliRun.OkAsync(server.On("policy", "delete", "reader"));
        await CliRun.RefusedAsync(1, server.On("policy", "show", "reader"), "NotFound");
    }

    [Fact]
    public async Task A_list_masks_the_keys_that_show_prints()
    {
        var shown = (await CliRun.OkAsync(server.On("policy", "show", "device", "--json"))).Json;
        var list = await CliRun.OkAsync(server.On("policy", "list", "--json"));
        var table = await CliRun.OkAsync(server.On("policy", "list"));

        Assert.Equal(5, table.Out.Lines.Count(line => line.Contains("Registry", StringComparison.Ordinal) || line.Contains("Connect", StringComparison.Ordinal)));
        Assert.All(list.Json.AsArray(), policy => Assert.Equal("***", (string?)policy!["primaryKey"]));
        Assert.DoesNotContain((string)shown["primaryKey"]!, list.Output + table.Output, StringComparison.Ordinal);
        Assert.Contains((string)shown["secondaryKey"]!, (await CliRun.OkAsync(server.On("policy", "show", "device"))).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_rights_an_old_etag_and_a_name_in_use_are_refused()
    {
        await CliRun.RefusedAsync(1, server.On("policy", "create", "wrong", "--rights", "Everything"), "RegistryRead");
        await CliRun.RefusedAsync(1, server.On("policy", "create", "service", "--rights", "ServiceConnect"), "gatehouse policy update");
        await CliRun.RefusedAsync(1, server.On("policy", "delete", "service", "--etag", "AAAA"), "PreconditionFailed");
        await CliRun.RefusedAsync(2, server.On("policy", "update", "service"), "--rights");
        await CliRun.RefusedAsync(2, server.On("policy", "create", "wrong"), "--rights");
    }

    [Fact]
    public async Task A_consumer_group_is_made_listed_and_deleted()
    {
        await CliRun.OkAsync(server.On("consumer-group", "create", "board"));

        Assert.Equal(["$Default", "board"], (await CliRun.OkAsync(server.On("consumer-group", "list", "--json"))).Json.AsArray().Select(group => (string?)group!["name"]).Where(name => name is "$Default" or "board"));
        Assert.Contains("always there", (await CliRun.OkAsync(server.On("consumer-group", "list"))).Output, StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("consumer-group", "delete", "board"));
        await CliRun.RefusedAsync(1, server.On("consumer-group", "delete", "board"), "NotFound");
        await CliRun.RefusedAsync(1, server.On("monitor", "--consumer-group", "board"), "NotFound");
    }

    [Fact]
    public async Task The_audit_log_is_listed_in_pages_and_verified()
    {
        await CliRun.OkAsync(server.On("device", "create", "audited-1"));

        var all = await CliRun.OkAsync(server.On("audit", "list", "--all", "--json"));
        var first = await CliRun.OkAsync(server.On("audit", "list", "--max", "2"));
        var verified = await CliRun.OkAsync(server.On("audit", "verify"));

        Assert.Contains(all.Json.AsArray(), record => (string?)record!["action"] == "device.create" && (string?)record["subject"] == "audited-1");
        Assert.Equal(3, first.Out.Lines.Count);
        Assert.Contains("--after 2", first.Errors, StringComparison.Ordinal);
        Assert.StartsWith("intact: ", verified.Output, StringComparison.Ordinal);
        Assert.True((bool)(await CliRun.OkAsync(server.On("audit", "verify", "--json"))).Json["isIntact"]!);
    }

    [Fact]
    public async Task Statistics_count()
    {
        await CliRun.OkAsync(server.On("device", "create", "counted-1", "--status", "disabled"));

        var counts = (await CliRun.OkAsync(server.On("statistics", "--json"))).Json;

        Assert.True((long)counts["totalDeviceCount"]! >= 1 && (long)counts["disabledDeviceCount"]! >= 1);
        Assert.Matches(@"(?m)^connected +\d+$", (await CliRun.OkAsync(server.On("statistics"))).Output);
    }

    private string Ca => server.Connection.GetProperty("caFile").GetString()!;
}
