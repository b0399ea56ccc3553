using System.CommandLine;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Routing;

/// <summary>The group <c>message-endpoint dead-letters</c>: messages that an endpoint did not take.</summary>
internal sealed class DeadLetterCommands(Shell shell)
{
    private readonly Argument<string> endpoint = new("endpoint") { Description = "Name of the endpoint." };
    private readonly Argument<string> id = new("id") { Description = "Id of the letter, as list shows it." };
    private readonly Argument<string?> oneId = new("id") { Description = "Id of one letter, as list shows it.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> all = new("--all") { Description = "All letters of the endpoint." };
    private readonly Option<int> top = new("--top") { Description = "At most so many, 1–1000. Default: 100.", HelpName = "count", DefaultValueFactory = _ => 100 };
    private readonly Option<string?> after = new("--after") { Description = "Only those behind this letter: the next page.", HelpName = "id" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new DeadLetterCommands(shell);
        return Shell.Group("dead-letters", "Messages that an endpoint did not take.", commands.List, commands.Show, commands.Replay, commands.Drop);
    }

    private Command List => shell.Command("list", "Lists the dead letters of an endpoint with their reasons, the oldest first.", ["gatehouse message-endpoint dead-letters list alarms"], [endpoint, top, after], async call =>
    {
        var path = Path(call).With("max", $"{call.Value(top)}").With("after", call.Value(after));
        var found = (await call.Hub.GetAsync(path, call.Cancellation))["value"]!.AsArray();
        return call.Answer(found.DeepClone(), terminal => terminal.Table(["id", "given up", "source", "device", "bytes", "reason"], found.Select(letter =>
            new[] { (string?)letter!["id"], (string?)letter["buriedTime"], (string?)letter["source"], (string?)letter["deviceId"], $"{letter["bytes"]}", (string?)letter["reason"] })));
    });

    private Command Show => shell.Command("show", "Shows a dead letter with its properties and body.", ["gatehouse message-endpoint dead-letters show alarms 0-15"], [endpoint, id], async call =>
    {
        var found = await call.Hub.GetAsync(Path(call, call.Value(id)!), call.Cancellation);
        var content = found["event"]!;
        return call.Answer(found, terminal => terminal.Facts(
            ("letter", (string?)found["id"]),
            ("reason", (string?)found["reason"]),
            ("given up", (string?)found["buriedTime"]),
            ("taken in", (string?)content["enqueuedTime"]),
            ("properties", content["properties"]!.ToJsonString()),
            ("annotations", content["annotations"]!.ToJsonString()),
            ("application properties", content["applicationProperties"]!.ToJsonString()),
            ("body", content["body"]?.ToJsonString() ?? (string?)content["bodyText"] ?? $"{content["bodyBase64"]} (base64)")));
    });

    private Command Replay => shell.Command(
        "replay",
        "Puts one dead letter, or all, into the endpoint's queue again.",
        ["gatehouse message-endpoint dead-letters replay alarms 0-15", "gatehouse message-endpoint dead-letters replay alarms --all"],
        [endpoint, oneId, all],
        async call =>
        {
            var done = await call.Hub.PostAsync(OneOrAll(call) is { } one ? Path(call, one, "replay") : Path(call, "replay"), null, null, call.Cancellation);
            return call.Answer(done, terminal => terminal.Line($"{done["letters"]} dead letters go to endpoint '{call.Value(endpoint)}' again."));
        });

    private Command Drop => shell.Command(
        "drop",
        "Throws one dead letter, or all, away.",
        ["gatehouse message-endpoint dead-letters drop alarms 0-15", "gatehouse message-endpoint dead-letters drop alarms --all"],
        [endpoint, oneId, all],
        async call =>
        {
            var done = await call.Hub.DeleteAsync(OneOrAll(call) is { } one ? Path(call, one) : Path(call), null, call.Cancellation);
            return call.Answer(done, terminal => terminal.Line($"{done["letters"]} dead letters of endpoint '{call.Value(endpoint)}' thrown away."));
        });

    private string? OneOrAll(Call call) => (call.Value(oneId), call.Value(all)) switch
    {
        (null, false) => throw CliException.Usage("name the letter, or say --all."),
        ({ }, true) => throw CliException.Usage("name the letter or say --all, not both."),
        var (one, _) => one,
    };

    private HubPath Path(Call call, params IEnumerable<string> more) => HubPath.Operator(["routing", "endpoints", call.Value(endpoint)!, "dead-letters", .. more]);
}
