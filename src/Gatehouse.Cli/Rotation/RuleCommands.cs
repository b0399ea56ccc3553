using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Rotation;

/// <summary>The group <c>rotation rule</c>, and <c>rotation due</c>: keys that are older than they may be get a plan by themselves.</summary>
internal sealed class RuleCommands(Shell shell)
{
    private const string DeviceKey = "device-key";
    private static readonly string[] Kinds = ["policy-key", DeviceKey, "group-key", "enrollment-key", "provisioning-policy-key"];

    private readonly Argument<string> kind = new Argument<string>("kind") { Description = "Which keys: policy-key, device-key; of the provisioning service group-key, enrollment-key, provisioning-policy-key." }.AcceptOnlyFromAmong(Kinds);
    private readonly Option<long> maxAge = new("--max-age") { Description = "Seconds that a key may be old; then it gets a plan. 60–315360000, and twice --unused-for or more.", HelpName = "seconds", Required = true };
    private readonly Option<long> unusedFor = new("--unused-for") { Description = "As that of 'rotation plan'. 10–34560000, default 86400.", HelpName = "seconds", DefaultValueFactory = _ => 86_400 };
    private readonly Option<long?> atLatest = new("--at-latest") { Description = "As that of 'rotation plan'. Default: as long as it takes; for devices, which keep their old key then, the maximum age.", HelpName = "seconds" };
    private readonly Option<int?> atOnce = new("--at-once") { Description = "Most that are under way at a time: devices (default 1000), or plans of other kinds (default 10). 1–10000.", HelpName = "number" };
    private readonly Option<int?> canary = new("--canary") { Description = "device-key: so many of each plan go first; the others follow when these are through.", HelpName = "number" };
    private readonly Option<bool> tell = new("--tell") { Description = "device-key: tell each device by a desired property which of its keys to use." };
    private readonly Option<int> max = new("--max") { Description = "At most so many, 1–1000.", HelpName = "number", DefaultValueFactory = _ => 100 };
    private readonly Option<bool> provisioning = new("--provisioning") { Description = "Rules of the provisioning service, not of the hub." };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new RuleCommands(shell);
        return Shell.Group("rule", "Rules of a maximum age: keys that are older get a plan by themselves.", commands.Set, commands.List, commands.Remove);
    }

    /// <summary><c>rotation due</c>.</summary>
    internal HubCommand Due => shell.Command("due", "Shows what a rule will rotate next, and when.", ["gatehouse rotation due device-key", "gatehouse rotation due group-key --max 20"], [kind, max], async call =>
    {
        var found = (await Target(call).ListDueAsync(call.Value(kind)!, call.Value(max)))["value"]!.AsArray();
        return call.Answer(found.DeepClone(), terminal =>
        {
            if (found.Count == 0)
            {
                terminal.Note("There are no such keys.");
                return;
            }

            terminal.Table(["subject", "state", "made", "due", "plan", "tried again", "why not until now"], found.Select(each => new[]
            {
                Text(each!["subject"]), Text(each["state"]), ReadableTime.Of(each["made"]), ReadableTime.Of(each["due"]), Text(each["plan"]), ReadableTime.Of(each["retry"], ""), Text(each["reason"]),
            }));
        });
    });

    private HubCommand Set => shell.Command(
        "set",
        "Sets how old keys of a kind may become; 90 days are 7776000 seconds.",
        [
            "gatehouse rotation rule set policy-key --max-age 7776000",
            "gatehouse rotation rule set device-key --max-age 15552000 --unused-for 604800 --at-once 5000 --canary 10 --tell",
            "gatehouse rotation rule set group-key --max-age 31536000 --unused-for 2592000",
        ],
        [kind, maxAge, unusedFor, atLatest, atOnce, canary, tell],
        async call =>
        {
            var what = call.Value(kind)!;
            if (what != DeviceKey && (call.Value(tell) || call.Value(canary) is not null))
            {
                throw CliException.Usage($"--tell and --canary are for {DeviceKey}.");
            }

            var body = new JsonObject { ["maxAgeSeconds"] = call.Value(maxAge), ["unusedForSeconds"] = call.Value(unusedFor), ["tell"] = call.Value(tell) };
            Add(body, "atLatestSeconds", call.Value(atLatest));
            Add(body, "atOnce", call.Value(atOnce));
            Add(body, "canary", call.Value(canary));
            var rule = await Target(call).SetRuleAsync(what, body);
            return call.Answer(rule, terminal => Write(terminal, rule));
        });

    private HubCommand List => shell.Command("list", "Lists the rules, with how many keys are over age.", ["gatehouse rotation rule list", "gatehouse rotation rule list --provisioning"], [provisioning], async call =>
    {
        var rules = (await new RotationTarget(call, call.Value(provisioning)).ListRulesAsync())["value"]!.AsArray();
        return call.Answer(rules.DeepClone(), terminal =>
        {
            if (rules.Count == 0)
            {
                terminal.Note("There are no rotation rules.");
                return;
            }

            terminal.Table(["kind", "max age", "over age", "overdue", "next due", "message"], rules.Select(each => new[]
            {
                Text(each!["kind"]), Seconds(each["maxAgeSeconds"]), Text(each["overAge"]), Text(each["overdue"]), ReadableTime.Of(each["nextDue"]), Text(each["message"]),
            }));
        });
    });

    private HubCommand Remove => shell.Command("remove", "Takes a rule away; plans that it has made go on.", ["gatehouse rotation rule remove device-key"], [kind], async call =>
    {
        var rule = await Target(call).RemoveRuleAsync(call.Value(kind)!);
        return call.Answer(rule, terminal => terminal.Line($"The rule for {Text(rule["kind"])} is gone; plans that it has made go on."));
    });

    private static void Write(Terminal terminal, JsonNode rule) => terminal.Facts(
        ("kind", Text(rule["kind"])),
        ("max age", Seconds(rule["maxAgeSeconds"])),
        ("unused for", Seconds(rule["unusedForSeconds"])),
        ("at latest", rule["atLatestSeconds"] is { } late ? Seconds(late) : "when nobody uses the old one"),
        ("at once", Text(rule["atOnce"])),
        ("over age", Text(rule["overAge"])),
        ("overdue", Text(rule["overdue"])),
        ("next due", ReadableTime.Of(rule["nextDue"])),
        ("now", Text(rule["message"])));

    private RotationTarget Target(Call call) => RotationTarget.Of(call, call.Value(kind)!);

    private static void Add(JsonObject body, string name, long? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }

    private static string Seconds(JsonNode? node) => TimeSpan.FromSeconds((long)node!).ToString("c", CultureInfo.InvariantCulture);

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}
