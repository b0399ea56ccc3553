using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Rotation;

/// <summary>The group <c>rotation</c>: new keys by a plan that waits until nobody uses the old ones.</summary>
internal sealed class RotationCommands(Shell shell)
{
    private readonly Argument<string> kind = new Argument<string>("kind") { Description = "What is rotated: policy-key, the keys of a shared access policy; ca, from one CA certificate to another; of the provisioning service group-key and enrollment-key, the symmetric keys of an enrollment group or an individual enrollment, group-ca, from one CA certificate of a group to its other one, and provisioning-policy-key." }.AcceptOnlyFromAmong(["policy-key", "ca", .. RotationTarget.ServiceKinds]);
    private readonly Argument<string[]> names = new("name") { Description = "Name of the policy, group or enrollment; of the CA certificate that goes, and of the one that devices move to.", Arity = ArgumentArity.OneOrMore };
    private readonly Argument<string> plan = new("plan") { Description = "The plan's id, as 'rotation list' shows it." };
    private readonly Option<string?> first = new Option<string?>("--first") { Description = "The key to regenerate first, to which clients move: primary or secondary. Default: the one that is not used, or not for longer.", HelpName = "key" }.AcceptOnlyFromAmong("primary", "secondary");
    private readonly Option<long> unusedFor = new("--unused-for") { Description = "Seconds that nobody may have used a key before it is regenerated; longer than the longest pause of its clients. 10–34560000, default 86400.", HelpName = "seconds", DefaultValueFactory = _ => 86_400 };
    private readonly Option<long?> atLatest = new("--at-latest") { Description = "Seconds that clients may take to move; after them the old key goes although somebody uses it, and who stands on it is cut off. Default: as long as it takes.", HelpName = "seconds" };
    private readonly Option<bool> drill = new("--drill") { Description = "Only show the plan." };
    private readonly Option<bool> start = new("--start") { Description = "Start it at once." };
    private readonly Option<bool> provisioning = new("--provisioning") { Description = "A plan of the provisioning service, not of the hub." };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new RotationCommands(shell);
        return Shell.Group(
            "rotation",
            "New keys by a plan that cuts nobody off: the unused key first, clients move, then the old one.",
            commands.Plan,
            commands.List,
            commands.Show,
            commands.Change("start", "Starts a plan."),
            commands.Change("pause", "Stops a plan where it is; both keys stay good."),
            commands.Change("resume", "Lets a paused plan go on; what it watches is watched anew."),
            commands.Change("cancel", "Ends a plan; both keys stay as they are, and good."));
    }

    private Command Plan => shell.Command(
        "plan",
        "Makes a plan and shows its steps; nothing is changed before it is started.",
        [
            "gatehouse rotation plan policy-key service --drill",
            "gatehouse rotation plan policy-key service --unused-for 172800 --start",
            "gatehouse rotation plan policy-key device --at-latest 604800",
            "gatehouse rotation plan ca factory-2024 factory-2027 --start",
            "gatehouse rotation plan group-key line-a --unused-for 604800 --start",
        ],
        [kind, names, first, unusedFor, atLatest, drill, start],
        async call =>
        {
            if (call.Value(drill) && call.Value(start))
            {
                throw CliException.Usage("--drill and --start exclude each other.");
            }

            var body = Subject(call.Value(kind)!, call.Value(names)!);
            body["unusedForSeconds"] = call.Value(unusedFor);
            if (call.Value(first) is { } key)
            {
                body["firstKey"] = key + (call.Value(kind) == "group-ca" ? "Certificate" : "Key");
            }

            if (call.Value(atLatest) is { } seconds)
            {
                body["atLatestSeconds"] = seconds;
            }

            var target = RotationTarget.Of(call, call.Value(kind)!);
            var made = await target.CreateAsync(body, call.Value(drill));
            if (call.Value(start))
            {
                made = await target.ChangeAsync((string)made["id"]!, "start");
            }

            return call.Answer(made, terminal => Write(terminal, made));
        });

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

    private static JsonObject Subject(string kind, string[] names) => (kind, names) switch
    {
        (_, [var name]) when RotationTarget.ServiceKinds.Contains(kind) => new JsonObject { ["kind"] = kind, ["subject"] = name },
        ("policy-key", [var policy]) => new JsonObject { ["kind"] = kind, ["policy"] = policy },
        ("ca", [var old, var successor]) => new JsonObject { ["kind"] = kind, ["subject"] = old, ["successor"] = successor },
        ("ca", _) => throw CliException.Usage("A plan for a CA takes two names: the certificate that goes, and the one that devices move to."),
        _ => throw CliException.Usage("A plan for keys takes one name."),
    };

    private static void Write(Terminal terminal, JsonNode plan)
    {
        terminal.Facts(
            ("plan", Text(plan["id"]) ?? "(not made: a drill)"),
            ("kind", Text(plan["kind"])),
            ("subject", Text(plan["subject"])),
            ("state", Text(plan["state"])),
            ("unused for", Seconds(plan["unusedForSeconds"])),
            ("at latest", plan["atLatestSeconds"] is { } late ? Seconds(late) : "when nobody uses the old one"),
            ("now", Text(plan["message"])));
        terminal.Table(["step", "state", "began", "ended", "unused", "connected by it"], plan["steps"]!.AsArray().Select((step, at) => new[]
        {
            string.Create(CultureInfo.InvariantCulture, $"{at + 1} {Text(step!["name"])}"), Text(step["state"]), ReadableTime.Of(step["began"]), ReadableTime.Of(step["ended"]),
            Seconds(step["unusedSeconds"]), Text(step["live"]),
        }));
        if (plan["laggards"] is { } laggards && (long)laggards["count"]! > 0)
        {
            terminal.Note($"{Text(laggards["count"])} would fail if it went now:");
            terminal.Table(["device", "why"], laggards["named"]!.AsArray().Select(each => new[] { Text(each!["identity"]), Text(each["reason"]) }));
        }
    }

    private static string? Seconds(JsonNode? node) => node is null ? null : TimeSpan.FromSeconds((long)node).ToString("c", CultureInfo.InvariantCulture);

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}
