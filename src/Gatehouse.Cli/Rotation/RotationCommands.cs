using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Rotation;

/// <summary>The group <c>rotation</c>: new keys by a plan that waits until nobody uses the old ones.</summary>
internal sealed class RotationCommands(Shell shell)
{
    private readonly Argument<string> plan = new("plan") { Description = "The plan's id, as 'rotation list' shows it." };
    private readonly Option<bool> provisioning = new("--provisioning") { Description = "A plan of the provisioning service, not of the hub." };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new RotationCommands(shell);
        return Shell.Group(
            "rotation",
            "New keys by a plan that cuts nobody off: the unused key first, clients move, then the old one.",
            new PlanRotation(shell).Command,
            commands.List,
            commands.Show,
            commands.Change("start", "Starts a plan."),
            commands.Change("pause", "Stops a plan where it is; both keys stay good."),
            commands.Change("resume", "Lets a paused plan go on; what it watches is watched anew."),
            commands.Change("rollback", "Devices that have not moved go back to their old keys."),
            commands.Change("cancel", "Ends a plan; both keys stay as they are, and good."),
            new HandOutKeys(shell).Command,
            RuleCommands.Group(shell),
            new RuleCommands(shell).Due);
    }

    private Command List => shell.Command("list", "Lists plans, the newest first.", ["gatehouse rotation list", "gatehouse rotation list --provisioning"], [provisioning], async call =>
    {
        var plans = (await Target(call).ListAsync())["value"]!.AsArray();
        return call.Answer(plans.DeepClone(), terminal =>
        {
            if (plans.Count == 0)
            {
                terminal.Note("There are no rotation plans.");
                return;
            }

            terminal.Table(["plan", "kind", "subject", "state", "made", "message"], plans.Select(each => new[]
            {
                Text(each!["id"]), Text(each["kind"]), Text(each["subject"]), Text(each["state"]), ReadableTime.Of(each["created"]), Text(each["message"]),
            }));
        });
    });

    private Command Show => shell.Command("show", "Shows how far a plan is, and what it waits for.", ["gatehouse rotation show 638…"], [plan, provisioning], async call =>
    {
        var found = await Target(call).FindAsync(call.Value(plan));
        return call.Answer(found, terminal => Write(terminal, found));
    });

    private HubCommand Change(string verb, string description) => shell.Command(verb, description, [$"gatehouse rotation {verb} 638…"], [plan, provisioning], async call =>
    {
        var changed = await Target(call).ChangeAsync(call.Value(plan), verb);
        return call.Answer(changed, terminal => Write(terminal, changed));
    });

    private RotationTarget Target(Call call) => new(call, call.Value(provisioning));

    internal static void Write(Terminal terminal, JsonNode plan)
    {
        terminal.Facts(
            ("plan", Text(plan["id"]) ?? "(not made: a drill)"),
            ("kind", Text(plan["kind"])),
            ("subject", Text(plan["subject"])),
            ("state", Text(plan["state"])),
            ("begins", plan["begins"] is null ? "when it is started" : ReadableTime.Of(plan["begins"])),
            ("unused for", Seconds(plan["unusedForSeconds"])),
            ("at latest", plan["atLatestSeconds"] is { } late ? Seconds(late) : "when nobody uses the old one"),
            ("now", Text(plan["message"])));
        terminal.Table(["step", "state", "began", "ended", "unused", "connected by it"], plan["steps"]!.AsArray().Select((step, at) => new[]
        {
            string.Create(CultureInfo.InvariantCulture, $"{at + 1} {Text(step!["name"])}"), Text(step["state"]), ReadableTime.Of(step["began"]), ReadableTime.Of(step["ended"]),
            Seconds(step["unusedSeconds"]), Text(step["live"]),
        }));
        Count(terminal, "canary group", plan["canary"]);
        Count(terminal, "all", plan["progress"]);
        Name(terminal, plan["laggards"], plan["progress"] is null ? "would fail if it went now:" : "lag behind:");
        Name(terminal, plan["leftOut"], "get no new keys, or keep their old one:");
    }

    private static void Count(Terminal terminal, string whose, JsonNode? progress)
    {
        if (progress is not null)
        {
            terminal.Line($"{whose}: {progress["waiting"]} waiting, {progress["renewed"]} renewed, {progress["moved"]} moved, {progress["done"]} done; {progress["lagging"]} lagging, {progress["kept"]} kept, {progress["skipped"]} skipped, {progress["leftOut"]} left out, {progress["rolledBack"]} rolled back");
        }
    }

    private static void Name(Terminal terminal, JsonNode? some, string what)
    {
        if (some is null || (long)some["count"]! == 0)
        {
            return;
        }

        terminal.Note($"{some["count"]} {what}");
        terminal.Table(["device", "why"], some["named"]!.AsArray().Select(each => new[] { Text(each!["identity"]), Text(each["reason"]) }));
    }

    private static string? Seconds(JsonNode? node) => node is null ? null : TimeSpan.FromSeconds((long)node).ToString("c", CultureInfo.InvariantCulture);

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}
