using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Routing;

/// <summary>The group <c>message-enrichment</c>: properties that the hub adds to messages. Words as in <c>az iot hub message-enrichment</c>.</summary>
internal sealed class EnrichmentCommands(Shell shell)
{
    private readonly Argument<string> key = new("key") { Description = "Name of the application property." };
    private readonly Option<string> value = new("--value", "-v") { Description = "Text, $iothubname, or $twin.tags.…, $twin.properties.desired.…, $twin.properties.reported.….", HelpName = "value", Required = true };
    private readonly Option<string?> newValue = new("--value", "-v") { Description = "Its value from now on.", HelpName = "value" };
    private readonly Option<string[]> endpoints = new("--endpoints", "-e") { Description = "For which endpoints: events, or custom ones.", HelpName = "endpoint", AllowMultipleArgumentsPerToken = true, Required = true };
    private readonly Option<string[]?> newEndpoints = new("--endpoints", "-e") { Description = "For which endpoints from now on.", HelpName = "endpoint", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> etag = new("--etag") { Description = "Only if this is still the ETag of the hub's routing.", HelpName = "etag" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new EnrichmentCommands(shell);
        return Shell.Group("message-enrichment", "Enrichments: properties that the hub adds to messages.", commands.Create, commands.List, commands.Show, commands.Update, commands.Delete);
    }

    private Command Create => shell.Command(
        "create", "Makes an enrichment.", ["gatehouse message-enrichment create floor --value '$twin.tags.floor' --endpoints events archive"], [key, value, endpoints], async call =>
        {
            if (await call.Hub.FindAsync(Path(call), call.Cancellation) is not null)
            {
                throw new CliException($"there is an enrichment '{call.Value(key)}' already. 'gatehouse message-enrichment update' changes it.");
            }

            var body = new JsonObject { ["value"] = call.Value(value), ["endpointNames"] = Names(call.Value(endpoints)!) };
            var saved = await call.Hub.PutAsync(Path(call), body, null, call.Cancellation);
            return call.Answer(saved, terminal => terminal.Line($"enrichment '{call.Value(key)}' created."));
        });

    private Command List => shell.Command("list", "Lists the enrichments.", ["gatehouse message-enrichment list"], [], async call =>
    {
        var found = (await call.Hub.GetAsync(HubPath.Operator("routing", "enrichments"), call.Cancellation))["value"]!.AsArray();
        return call.Answer(found.DeepClone(), terminal => terminal.Table(["key", "value", "endpoints"], found.Select(each => new[] { (string?)each!["key"], (string?)each["value"], Endpoints(each) })));
    });

    private Command Show => shell.Command("show", "Shows an enrichment.", ["gatehouse message-enrichment show floor"], [key], async call =>
    {
        var found = await call.Hub.GetAsync(Path(call), call.Cancellation);
        return call.Answer(found, terminal => terminal.Facts(("key", (string?)found["key"]), ("value", (string?)found["value"]), ("endpoints", Endpoints(found))));
    });

    private Command Update => shell.Command(
        "update", "Changes what is named of an enrichment; the rest stays.", ["gatehouse message-enrichment update floor --endpoints events"], [key, newValue, newEndpoints, etag], async call =>
        {
            var found = await call.Hub.GetAsync(Path(call), call.Cancellation);
            found["value"] = call.Value(newValue) ?? (string?)found["value"];
            if (call.Value(newEndpoints) is { Length: > 0 } given)
            {
                found["endpointNames"] = Names(given);
            }

            var saved = await call.Hub.PutAsync(Path(call), found, call.Value(etag), call.Cancellation);
            return call.Answer(saved, terminal => terminal.Line($"enrichment '{call.Value(key)}' updated."));
        });

    private Command Delete => shell.Command("delete", "Deletes an enrichment.", ["gatehouse message-enrichment delete floor"], [key, etag], async call =>
    {
        await call.Hub.DeleteAsync(Path(call), call.Value(etag), call.Cancellation);
        return call.Answer(new JsonObject { ["deleted"] = call.Value(key) }, terminal => terminal.Line($"enrichment '{call.Value(key)}' deleted."));
    });

    private static JsonArray Names(IEnumerable<string> names) => [.. names.SelectMany(name => name.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static string Endpoints(JsonNode enrichment) => string.Join(", ", enrichment["endpointNames"]!.AsArray().Select(name => (string?)name));

    private HubPath Path(Call call) => HubPath.Operator("routing", "enrichments", call.Value(key));
}
