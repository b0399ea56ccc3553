using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class RoutingTests(RunningServer server)
{
    [Fact]
    public async Task Endpoint_route_and_enrichment_live_from_create_to_delete_and_no_secret_is_shown()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "Endpoint=sb://broker.example.com/;SharedAccessKeyName=n;SharedAccessKey=hushhush;EntityPath=q\n", TestContext.Current.CancellationToken);

        await CliRun.OkAsync(server.On("message-endpoint", "create", "servicebus-queue", "cli-q", "--connection-string-from", file));
        await CliRun.OkAsync(server.On("message-route", "create", "cli-r", "--source-type", "DeviceLifecycleEvents", "--endpoint-name", "cli-q", "--enabled", "false"));
        await CliRun.OkAsync(server.On("message-route", "update", "cli-r", "--condition", "true = true"));
        await CliRun.OkAsync(server.On("message-enrichment", "create", "cli-k", "--value", "$iothubname", "--endpoints", "cli-q"));
        await CliRun.RefusedAsync(1, server.On("message-endpoint", "delete", "cli-q"), "cli-r");
        await CliRun.RefusedAsync(1, server.On("message-route", "create", "cli-r", "--endpoint-name", "events"), "message-route update");
        await CliRun.RefusedAsync(2, server.On("message-endpoint", "create", "ftp", "x"), "ftp");

        var route = (await CliRun.OkAsync(server.On("message-route", "show", "cli-r", "--json"))).Json;
        var shown = await CliRun.OkAsync(server.On("message-endpoint", "show", "cli-q", "--json"));
        var list = await CliRun.OkAsync(server.On("message-endpoint", "list"));

        Assert.Equal(("DeviceLifecycleEvents", "true = true", false), ((string?)route["source"], (string?)route["condition"], (bool)route["isEnabled"]!));
        Assert.Contains("SharedAccessKey=****", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hushhush", shown.Output + list.Output, StringComparison.Ordinal);
        Assert.Contains("$iothubname", (await CliRun.OkAsync(server.On("message-enrichment", "list"))).Output, StringComparison.Ordinal);

        Assert.Contains("reason", (await CliRun.OkAsync(server.On("message-endpoint", "dead-letters", "list", "cli-q"))).Output, StringComparison.OrdinalIgnoreCase);
        await CliRun.RefusedAsync(2, server.On("message-endpoint", "dead-letters", "drop", "cli-q"), "--all");
        await CliRun.RefusedAsync(2, server.On("message-endpoint", "dead-letters", "replay", "cli-q", "0-1", "--all"), "--all");
        await CliRun.RefusedAsync(1, server.On("message-endpoint", "dead-letters", "show", "cli-q", "0-1"), "0-1");
        Assert.Contains("0 dead letters", (await CliRun.OkAsync(server.On("message-endpoint", "dead-letters", "replay", "cli-q", "--all"))).Output, StringComparison.Ordinal);
        Assert.Contains("0 dead letters", (await CliRun.OkAsync(server.On("message-endpoint", "dead-letters", "drop", "cli-q", "--all"))).Output, StringComparison.Ordinal);

        await CliRun.OkAsync(server.On("message-enrichment", "delete", "cli-k"));
        await CliRun.OkAsync(server.On("message-route", "delete", "cli-r"));
        await CliRun.OkAsync(server.On("message-endpoint", "delete", "cli-q"));
        await CliRun.RefusedAsync(1, server.On("message-route", "show", "cli-r"), "NotFound");
        File.Delete(file);
    }

    [Fact]
    public async Task The_fallback_route_is_shown_and_set()
    {
        Assert.Contains("on", (await CliRun.OkAsync(server.On("message-route", "fallback", "show"))).Output, StringComparison.Ordinal);
        Assert.Contains("on", (await CliRun.OkAsync(server.On("message-route", "fallback", "set", "--enabled", "true"))).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_condition_is_tried_on_a_message_and_a_wrong_one_is_explained()
    {
        Assert.Equal("true\n", (await CliRun.OkAsync(server.On("message-route", "test", "--condition", "$body.t > 20", "--body", """{"t":21}""", "--system-properties", """{"contentType":"application/json","contentEncoding":"utf-8"}"""))).Output);
        Assert.Contains("position", (await CliRun.OkAsync(server.On("message-route", "test", "--condition", "a = "))).Errors, StringComparison.Ordinal);
        Assert.Contains("$fallback", (await CliRun.OkAsync(server.On("message-route", "test", "--app-properties", """{"a":"b"}"""))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(2, server.On("message-route", "test", "--twin", "{"), "--twin");
    }
}
