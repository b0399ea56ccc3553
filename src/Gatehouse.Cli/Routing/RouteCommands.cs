using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Routing;

/// <summary>The group <c>message-route</c>: which messages go to which endpoint. Words as in <c>az iot hub message-route</c>.</summary>
internal sealed class RouteCommands(Shell shell)
{
    private static readonly string[] Sources =
        ["DeviceMessages", "TwinChangeEvents", "DeviceLifecycleEvents", "DeviceConnectionStateEvents", "DeviceJobLifecycleEvents", "DigitalTwinChangeEvents"];

    private readonly Argument<string> name = new("name") { Description = "Name of the route." };
    private readonly Option<string> source = Words.OneOf(
        new Option<string>("--source-type", "--type", "-t") { Description = "What it takes: DeviceMessages (default), TwinChangeEvents, DeviceLifecycleEvents, ….", HelpName = "source", DefaultValueFactory = _ => "DeviceMessages" }, Sources);

    private readonly Option<string> endpoint = new("--endpoint-name", "--en") { Description = "Where it leads: events, or a custom endpoint.", HelpName = "endpoint", Required = true };
    private readonly Option<string?> newEndpoint = new("--endpoint-name", "--en") { Description = "Where it leads from now on.", HelpName = "endpoint" };
    private readonly Option<string?> condition = new("--condition", "-c") { Description = "Which of them: a condition of the routing query language. Default: true.", HelpName = "condition" };
    private readonly Option<bool> isEnabled = new("--enabled", "-e") { Description = "true (default) or false.", HelpName = "bool", DefaultValueFactory = _ => true };
    private readonly Option<bool> isFallbackEnabled = new("--enabled", "-e") { Description = "true or false.", HelpName = "bool", Required = true };
    private readonly Option<string?> testedName = new("--route-name", "--rn") { Description = "Only this route.", HelpName = "route" };
    private readonly Option<string?> testedCondition = new("--condition", "-c") { Description = "Only this condition, which no route need have.", HelpName = "condition" };
    private readonly Option<string?> testedSource = Words.OneOf(new Option<string?>("--source-type", "--type", "-t") { Description = "Only routes of this source.", HelpName = "source" }, Sources);
    private readonly Option<string?> body = new("--body", "-b") { Description = "Body of the message.", HelpName = "text" };
    private readonly Option<string?> appProperties = new("--app-properties", "--ap") { Description = "Its application properties, a JSON object.", HelpName = "json" };
    private readonly Option<string?> systemProperties = new("--system-properties", "--sp") { Description = "Its system properties, a JSON object.", HelpName = "json" };
    private readonly Option<string?> twin = new("--twin") { Description = "The sender's twin, a JSON object.", HelpName = "json" };
    private readonly Option<string?> etag = new("--etag") { Description = "Only if this is still the ETag of the hub's routing.", HelpName = "etag" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new RouteCommands(shell);
        return Shell.Group(
            "message-route",
            "Routes: which messages and events go to which endpoint.",
            commands.Create,
            commands.List,
            commands.Show,
            commands.Update,
            commands.Delete,
            commands.Test,
            commands.Status,
            Shell.Group("fallback", "What takes device messages that no route wants.", commands.ShowFallback, commands.SetFallback));
    }

    private Command Create => shell.Command(
        "create",
        "Makes a route.",
        ["gatehouse message-route create alarms --endpoint-name alarms --condition \"level = 'alarm'\"", "gatehouse message-route create twins --source-type TwinChangeEvents --endpoint-name events"],
        [name, source, endpoint, condition, isEnabled],
        async call =>
        {
            if (await call.Hub.FindAsync(Path(call), call.Cancellation) is not null)
            {
                throw new CliException($"there is a route '{call.Value(name)}' already. 'gatehouse message-route update' changes it.");
            }

            var body = new JsonObject
            {
                ["source"] = call.Value(source),
                ["endpointNames"] = new JsonArray(call.Value(endpoint)),
                ["condition"] = call.Value(condition),
                ["isEnabled"] = call.Value(isEnabled),
            };
            var saved = await call.Hub.PutAsync(Path(call), body, null, call.Cancellation);
            return call.Answer(saved, terminal => terminal.Line($"route '{call.Value(name)}' created ({saved["source"]} to {saved["endpointNames"]![0]})."));
        });

    private Command List => shell.Command("list", "Lists the routes.", ["gatehouse message-route list"], [], async call =>
    {
        var found = (await call.Hub.GetAsync(HubPath.Operator("routing", "routes"), call.Cancellation))["value"]!.AsArray();
        return call.Answer(found.DeepClone(), terminal => terminal.Table(["route", "source", "endpoint", "enabled", "condition"], found.Select(route =>
            new[] { (string?)route!["name"], (string?)route["source"], (string?)route["endpointNames"]![0], Enabled(route), (string?)route["condition"] })));
    });

    private Command Show => shell.Command("show", "Shows a route.", ["gatehouse message-route show alarms"], [name], async call =>
    {
        var found = await call.Hub.GetAsync(Path(call), call.Cancellation);
        return call.Answer(found, terminal => terminal.Facts(
            ("route", (string?)found["name"]),
            ("source", (string?)found["source"]),
            ("endpoint", (string?)found["endpointNames"]![0]),
            ("condition", (string?)found["condition"]),
            ("enabled", Enabled(found))));
    });

    private Command Update => shell.Command(
        "update", "Changes what is named of a route; the rest stays.", ["gatehouse message-route update alarms --enabled false"], [name, source, newEndpoint, condition, isEnabled, etag], async call =>
        {
            var route = await call.Hub.GetAsync(Path(call), call.Cancellation);
            if (call.IsGiven(source))
            {
                route["source"] = call.Value(source);
            }

            if (call.Value(newEndpoint) is { } given)
            {
                route["endpointNames"] = new JsonArray(given);
            }

            route["condition"] = call.Value(condition) ?? (string?)route["condition"];
            if (call.IsGiven(isEnabled))
            {
                route["isEnabled"] = call.Value(isEnabled);
            }

            var saved = await call.Hub.PutAsync(Path(call), route, call.Value(etag), call.Cancellation);
            return call.Answer(saved, terminal => terminal.Line($"route '{call.Value(name)}' updated."));
        });

    private Command Delete => shell.Command("delete", "Deletes a route.", ["gatehouse message-route delete alarms"], [name, etag], async call =>
    {
        await call.Hub.DeleteAsync(Path(call), call.Value(etag), call.Cancellation);
        return call.Answer(new JsonObject { ["deleted"] = call.Value(name) }, terminal => terminal.Line($"route '{call.Value(name)}' deleted."));
    });

    private Command Test => shell.Command(
        "test",
        "Says which routes would take a message, or whether one would.",
        ["gatehouse message-route test --app-properties '{\"level\":\"alarm\"}'", "gatehouse message-route test --condition '$body.t > 20' --body '{\"t\":21}' --system-properties '{\"contentType\":\"application/json\",\"contentEncoding\":\"utf-8\"}'"],
        [testedName, testedCondition, testedSource, body, appProperties, systemProperties, twin],
        TestAsync);

    private async Task<int> TestAsync(Call call)
    {
        var message = new JsonObject { ["body"] = call.Value(body), ["appProperties"] = Json(call, appProperties), ["systemProperties"] = Json(call, systemProperties) };
        var sent = new JsonObject { ["message"] = message, ["twin"] = Json(call, twin) };
        if (call.Value(testedName) is null && call.Value(testedCondition) is null)
        {
            sent["routingSource"] = call.Value(testedSource);
            var all = await call.Hub.PostAsync(HubPath.Operator("routing", "test-all"), sent, null, call.Cancellation);
            var routes = all["routes"]!.AsArray().Select(route => route!["properties"]!).ToList();
            return call.Answer(all, terminal => terminal.Table(["route", "source", "endpoint"], routes.Select(route => new[] { (string?)route["name"], (string?)route["source"], (string?)route["endpointNames"]![0] })));
        }

        var condition = call.Value(testedCondition)
            ?? (string?)(await call.Hub.GetAsync(HubPath.Operator("routing", "routes", call.Value(testedName)!), call.Cancellation))["condition"];
        sent["route"] = new JsonObject { ["condition"] = condition };
        var verdict = await call.Hub.PostAsync(HubPath.Operator("routing", "test-new"), sent, null, call.Cancellation);
        return call.Answer(verdict, terminal =>
        {
            terminal.Line((string)verdict["result"]!);
            foreach (var error in verdict["details"]!["compilationErrors"]!.AsArray())
            {
                terminal.Note((string)error!["message"]!);
            }
        });
    }

    private static JsonNode? Json(Call call, Option<string?> option)
    {
        try
        {
            return call.Value(option) is { } text ? JsonNode.Parse(text) : null;
        }
        catch (JsonException error)
        {
            throw CliException.Usage($"{option.Name} is not JSON: {error.Message}", error);
        }
    }

    private Command Status => shell.Command("status", "Says how routing goes: what was routed, what waits, which endpoints fail.", ["gatehouse message-route status"], [], async call =>
    {
        var found = await call.Hub.GetAsync(HubPath.Operator("routing", "status"), call.Cancellation);
        return call.Answer(found, terminal =>
        {
            terminal.Facts(
                ("routed", $"{found["routed"]}"),
                ("fallback", $"{found["fallback"]}"),
                ("orphaned", $"{found["orphaned"]}"),
                ("dropped", $"{found["dropped"]}"),
                ("waiting", $"{found["waiting"]}"));
            if ((bool)found["isRouted"]! is false)
            {
                terminal.Note("There are no routes: all messages go straight to events.");
            }

            var endpoints = found["endpoints"]!.AsArray();
            if (endpoints.Count > 0)
            {
                terminal.Table(["endpoint", "type", "health", "waiting", "delivered", "dead letters", "latency", "last error"], endpoints.Select(each => new[]
                {
                    (string?)each!["name"], (string?)each["type"], (string?)each["health"], $"{each["waiting"]}", $"{each["delivered"]}", $"{each["deadLetters"]}",
                    each["lastLatencySeconds"] is { } seconds ? $"{(double)seconds:0.000} s" : "", (string?)each["lastError"],
                }));
            }
        });
    });

    private Command ShowFallback => shell.Command("show", "Says whether it is on.", ["gatehouse message-route fallback show"], [], async call =>
    {
        var found = await call.Hub.GetAsync(HubPath.Operator("routing", "fallback"), call.Cancellation);
        return call.Answer(found, terminal => terminal.Line($"the fallback route is {((bool)found["isEnabled"]! ? "on" : "off")}."));
    });

    private Command SetFallback => shell.Command("set", "Turns it on or off; without it, messages that no route wants are dropped.", ["gatehouse message-route fallback set --enabled false"], [isFallbackEnabled, etag], async call =>
    {
        var saved = await call.Hub.PutAsync(HubPath.Operator("routing", "fallback"), new JsonObject { ["isEnabled"] = call.Value(isFallbackEnabled) }, call.Value(etag), call.Cancellation);
        return call.Answer(saved, terminal => terminal.Line($"the fallback route is {((bool)saved["isEnabled"]! ? "on" : "off")}."));
    });

    private static string Enabled(JsonNode route) => (bool)route["isEnabled"]! ? "yes" : "no";

    private HubPath Path(Call call) => HubPath.Operator("routing", "routes", call.Value(name));
}
