using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.ConsumerGroups;

/// <summary>The group <c>consumer-group</c>: names under which readers follow the events.</summary>
internal sealed class ConsumerGroupCommands(Shell shell)
{
    private readonly Argument<string> name = new("name") { Description = "Name of the consumer group." };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new ConsumerGroupCommands(shell);
        return Shell.Group("consumer-group", "Consumer groups of the event log.", commands.List, commands.Create, commands.Delete);
    }

    private Command List => shell.Command("list", "Lists the consumer groups.", ["gatehouse consumer-group list"], [], async call =>
    {
        var found = (await call.Hub.GetAsync(HubPath.Operator("consumer-groups"), call.Cancellation))["value"]!.AsArray();
        return call.Answer(found.DeepClone(), terminal =>
            terminal.Table(["consumer group", "created"], found.Select(group => new[] { (string?)group!["name"], ReadableTime.Of(group["created"], "always there") })));
    });

    private Command Create => shell.Command("create", "Makes a consumer group.", ["gatehouse consumer-group create dashboard"], [name], async call =>
    {
        var saved = await call.Hub.PutAsync(Path(call), new JsonObject(), null, call.Cancellation);
        return call.Answer(saved, terminal => terminal.Line($"consumer group '{call.Value(name)}' is there. Next: gatehouse monitor --consumer-group {call.Value(name)}"));
    });

    private Command Delete => shell.Command("delete", "Deletes a consumer group; its readers end at once.", ["gatehouse consumer-group delete dashboard"], [name], async call =>
    {
        await call.Hub.DeleteAsync(Path(call), null, call.Cancellation);
        return call.Answer(new JsonObject { ["deleted"] = call.Value(name) }, terminal => terminal.Line($"consumer group '{call.Value(name)}' deleted."));
    });

    private HubPath Path(Call call) => HubPath.Operator("consumer-groups", call.Value(name));
}
