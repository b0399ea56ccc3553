using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Querying;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.DeviceConfigurations;

/// <summary>The group <c>configuration</c>: automatic device management and Edge deployments. Words as in <c>az iot hub configuration</c> and <c>az iot edge</c>.</summary>
internal sealed class ConfigurationCommands(Shell shell)
{
    private readonly Argument<string> id = new("configuration") { Description = "Id of the configuration: lower case." };
    private readonly Argument<string> device = new("device") { Description = "Device id." };
    private readonly Option<string> content = new("--content", "-k") { Description = "deviceContent, moduleContent or modulesContent: JSON, or @FILE.", HelpName = "json", Required = true };
    private readonly Option<string?> target = new("--target-condition", "--tc") { Description = "Which twins: a condition, * for all; for modules FROM devices.modules WHERE ….", HelpName = "condition" };
    private readonly Option<int?> priority = new("--priority", "--pri") { Description = "The higher wins, of equal ones the later. 0 on; default 0.", HelpName = "number" };
    private readonly Option<string?> labels = new("--labels", "--lab") { Description = "Labels: a JSON object of texts, or @FILE.", HelpName = "json" };
    private readonly Option<string?> metrics = new("--metrics") { Description = "Metrics of your own: queries by name as JSON, or @FILE.", HelpName = "json" };
    private readonly Option<int?> top = new("--top") { Description = "At most so many.", HelpName = "number" };
    private readonly Option<string?> etag = new("--etag", "-e") { Description = "Write only if this is still the ETag. Default: whatever it is.", HelpName = "etag" };
    private readonly Option<string> metric = new("--metric-id", "-m") { Description = "Name of the metric, such as appliedCount.", HelpName = "name", Required = true };
    private readonly Option<string> metricType = Words.OneOf(
        new Option<string>("--metric-type", "--mt") { Description = "Whose: user or system. Default user.", HelpName = "type", DefaultValueFactory = _ => "user" }, ["user", "system"]);

    internal static HubCommand Group(Shell shell)
    {
        var commands = new ConfigurationCommands(shell);
        return Shell.Group(
            "configuration",
            "Configurations: what the hub sets in all twins that meet a condition; Edge deployments too.",
            commands.Create,
            commands.Show,
            commands.List,
            commands.Update,
            commands.Delete,
            commands.ShowMetric,
            commands.Apply);
    }

    private Command Create => shell.Command(
        "create",
        "Makes a configuration; it reaches its targets within seconds.",
        ["gatehouse configuration create fast --content '{\"deviceContent\": {\"properties.desired.interval\": 5}}' --target-condition \"tags.site = 'north'\" --priority 10"],
        [id, content, target, priority, labels, metrics],
        async call =>
        {
            var body = new JsonObject
            {
                ["id"] = call.Value(id),
                ["content"] = await ContentAsync(call),
                ["targetCondition"] = call.Value(target) ?? "",
                ["priority"] = call.Value(priority) ?? 0,
            };
            await SetAsync(call, body);
            return Answer(call, await call.Hub.PutAsync(Path(call), body, null, call.Cancellation));
        });

    private Command Show => shell.Command("show", "Shows a configuration with its metrics.", ["gatehouse configuration show fast"], [id], async call =>
        Answer(call, await call.Hub.GetAsync(Path(call), call.Cancellation)));

    private Command List => shell.Command("list", "Lists the configurations.", ["gatehouse configuration list"], [top], async call =>
    {
        var all = await call.Hub.GetAsync(HubPath.Service("configurations").With("top", call.Value(top)?.ToString(CultureInfo.InvariantCulture)), call.Cancellation);
        return call.Answer(all, terminal => terminal.Table(
            ["id", "priority", "target condition", "targeted", "applied"],
            all.AsArray().Select(each => (IEnumerable<string?>)[(string?)each!["id"], Text(each["priority"]), (string?)each["targetCondition"], Count(each, "targetedCount"), Count(each, "appliedCount")])));
    });

    private Command Update => shell.Command(
        "update",
        "Changes what is named of a configuration; the rest stays. The content cannot be changed.",
        ["gatehouse configuration update fast --priority 20", "gatehouse configuration update fast --target-condition \"tags.site = 'south'\""],
        [id, target, priority, labels, metrics, etag],
        async call =>
        {
            if (!call.IsGiven(target) && !call.IsGiven(priority) && !call.IsGiven(labels) && !call.IsGiven(metrics))
            {
                throw CliException.Usage("nothing is named to change: --target-condition, --priority, --labels or --metrics.");
            }

            var present = (await call.Hub.GetAsync(Path(call), call.Cancellation)).AsObject();
            present["targetCondition"] = call.Value(target) ?? (string?)present["targetCondition"];
            present["priority"] = call.Value(priority) ?? present["priority"]?.DeepClone();
            await SetAsync(call, present);
            return Answer(call, await call.Hub.PutAsync(Path(call), present, call.Value(etag) ?? (string)present["etag"]!, call.Cancellation));
        });

    private Command Delete => shell.Command(
        "delete",
        "Deletes a configuration; what it set in twins is taken back within seconds.",
        ["gatehouse configuration delete fast"],
        [id, etag],
        async call =>
        {
            await call.Hub.DeleteAsync(Path(call), call.Value(etag), call.Cancellation);
            return call.Answer(new JsonObject { ["deleted"] = call.Value(id) }, terminal => terminal.Line($"configuration '{call.Value(id)}' deleted."));
        });

    private Command ShowMetric => shell.Command(
        "show-metric",
        "Shows what a metric of a configuration counts, now.",
        ["gatehouse configuration show-metric fast --metric-id appliedCount --metric-type system"],
        [id, metric, metricType],
        async call =>
        {
            var configuration = await call.Hub.GetAsync(Path(call), call.Cancellation);
            var queries = configuration[call.Value(metricType) == "system" ? "systemMetrics" : "metrics"]?["queries"] as JsonObject ?? [];
            if ((string?)queries[call.Value(metric)!] is not { } query)
            {
                throw CliException.Usage($"the configuration has no such metric; it has: {string.Join(", ", queries.Select(each => each.Key))}.");
            }

            var rows = new JsonArray();
            await foreach (var row in QueryPages.ReadAsync(call.Hub, HubPath.Service("devices", "query"), new JsonObject { ["query"] = query }, top: null, call.Cancellation))
            {
                rows.Add(row);
            }

            var answer = new JsonObject { ["metric"] = call.Value(metric), ["query"] = query, ["result"] = rows };
            return call.Answer(answer, terminal =>
            {
                foreach (var row in rows)
                {
                    terminal.Line(row!.ToJsonString(SafeJson.Line));
                }

                terminal.Note($"{rows.Count} rows of {query}");
            });
        });

    private Command Apply => shell.Command(
        "apply",
        "Writes content to one device at once, without a configuration: modules of an Edge device too.",
        ["gatehouse configuration apply edge-1 --content @deployment.json"],
        [device, content],
        async call =>
        {
            if (!DeviceId.TryParse(call.Value(device), out var name))
            {
                throw CliException.Usage($"'{call.Value(device)}' is no device id.");
            }

            await call.Hub.PostAsync(HubPath.Service("devices", name.Value, "applyConfigurationContent"), await ContentAsync(call), null, call.Cancellation);
            return call.Answer(new JsonObject { ["applied"] = name.Value }, terminal => terminal.Line($"content applied to device '{name}'."));
        });

    private static int Answer(Call call, JsonNode configuration) => call.Answer(configuration, terminal => terminal.Facts(
        ("configuration", (string?)configuration["id"]),
        ("priority", Text(configuration["priority"])),
        ("target condition", (string?)configuration["targetCondition"]),
        ("content", Text(configuration["content"])),
        ("labels", configuration["labels"] is JsonObject { Count: > 0 } texts ? Text(texts) : null),
        ("created", (string?)configuration["createdTimeUtc"]),
        ("updated", (string?)configuration["lastUpdatedTimeUtc"]),
        ("etag", (string?)configuration["etag"]),
        ("system metrics", Text(configuration["systemMetrics"]?["results"])),
        ("metrics", Text(configuration["metrics"]?["results"]))));

    private static string? Text(JsonNode? node) => node?.ToJsonString(SafeJson.Line);

    private static string? Count(JsonNode configuration, string name) => Text(configuration["systemMetrics"]?["results"]?[name]);

    // As people keep it: the content alone, or the whole configuration around it.
    private async Task<JsonObject> ContentAsync(Call call)
    {
        var given = await JsonArgument.ReadObjectAsync("--content", call.Value(content)!, call.Cancellation);
        return (given["content"] as JsonObject ?? given).DeepClone().AsObject();
    }

    private async Task SetAsync(Call call, JsonObject configuration)
    {
        if (call.Value(labels) is { } labelText)
        {
            configuration["labels"] = await JsonArgument.ReadObjectAsync("--labels", labelText, call.Cancellation);
        }

        if (call.Value(metrics) is { } metricText)
        {
            var given = await JsonArgument.ReadObjectAsync("--metrics", metricText, call.Cancellation);
            given = given["metrics"] as JsonObject ?? given;
            configuration["metrics"] = new JsonObject { ["queries"] = (given["queries"] as JsonObject ?? given).DeepClone() };
        }
    }

    private HubPath Path(Call call) => HubPath.Service("configurations", call.Value(id));
}
