using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Revoking;

/// <summary>The group <c>crl</c>: what outside CAs have revoked, as their lists say.</summary>
internal sealed class CrlCommands(Shell shell)
{
    private const int MostNamed = 20;

    private readonly Argument<string> file = new("file") { Description = "The list, complete or delta: DER, or PEM." };
    private readonly Option<string?> ofCa = new("--ca") { Description = "Name of the CA certificate in the hub that must have signed it. Default: whichever did.", HelpName = "name" };
    private readonly Option<bool> whole = new("--whole") { Description = "The list names a distribution point, and you know that the CA has no other list beside it." };
    private readonly Option<bool> drill = new("--drill") { Description = "Say what would happen, and change nothing." };
    private readonly Argument<string> ca = new("ca") { Description = "Name of the CA certificate in the hub, or the issuer as 'crl list --json' shows it." };
    private readonly Argument<string> certificate = new("ca") { Description = "Name of the CA certificate in the hub." };
    private readonly Option<string> stale = new Option<string>("--stale") { Description = "What becomes of new connections below the CA while it has no list of today; who is connected stays.", HelpName = "rule", Required = true }
        .AcceptOnlyFromAmong("accept", "refuse");

    internal static HubCommand Group(Shell shell)
    {
        var commands = new CrlCommands(shell);
        return Shell.Group(
            "crl",
            "Revocation lists (CRLs) of outside CAs, which you bring: what they name is no longer let in.",
            commands.Import,
            commands.List,
            commands.Show,
            commands.Policy,
            commands.Remove);
    }

    private Command Import => shell.Command(
        "import",
        "Takes a CA's list that is newer than the one in force; devices that it names are cut off at once.",
        ["gatehouse crl import plant-7.crl --drill", "gatehouse crl import plant-7.crl", "gatehouse crl import plant-7-delta.pem --ca plant-7"],
        [file, ofCa, whole, drill],
        async call =>
        {
            var content = await InputFile.ReadBytesAsync(call.Value(file), call.Cancellation);
            var path = HubPath.Operator("revocation-lists").With("ca", call.Value(ofCa)).With("whole", call.Value(whole) ? "true" : null).With("drill", call.Value(drill) ? "true" : null);
            var effect = await call.Hub.PostFileAsync(path, content, call.Cancellation);
            return call.Answer(effect, terminal => WriteImport(call, terminal, effect));
        });

    private Command List => shell.Command("list", "Lists the CAs with a revocation list or a rule.", ["gatehouse crl list"], [], async call =>
    {
        var lists = (await call.Hub.GetAsync(HubPath.Operator("revocation-lists"), call.Cancellation))["value"]!.AsArray();
        return call.Answer(lists.DeepClone(), terminal =>
        {
            if (lists.Count == 0)
            {
                terminal.Note("There is no revocation list of a CA.");
                return;
            }

            terminal.Table(["ca", "number", "entries", "of", "next", "stale", "rule when stale"], lists.Select(each => new[]
            {
                Text(each!["caName"]), Text(each["number"]) ?? "none", Text(each["entries"]), ReadableTime.Of(each["thisUpdate"]), ReadableTime.Of(each["nextUpdate"]),
                (bool)each["isStale"]! ? "yes" : "no", Text(each["stale"]),
            }));
        });
    });

    private Command Show => shell.Command("show", "Shows a CA's list in force, and its rule.", ["gatehouse crl show plant-7"], [ca], async call =>
    {
        var list = await call.Hub.GetAsync(HubPath.Operator("revocation-lists", call.Value(ca)), call.Cancellation);
        return call.Answer(list, terminal => terminal.Facts(
            ("ca", Text(list["caName"])),
            ("issuer", Text(list["issuer"])),
            ("number", Text(list["number"]) ?? "none: there is only a rule"),
            ("kind", list["number"] is null ? null : (bool)list["isDelta"]! ? "complete, with a delta" : "complete"),
            ("entries", Text(list["entries"])),
            ("of", ReadableTime.Of(list["thisUpdate"])),
            ("next", ReadableTime.Of(list["nextUpdate"])),
            ("stale", (bool)list["isStale"]! ? "yes" : "no"),
            ("rule when stale", Text(list["stale"])),
            ("SHA-256", Text(list["thumbprint"])),
            ("changed", $"{ReadableTime.Of(list["updated"])} by {list["actor"]}")));
    });

    private Command Policy => shell.Command(
        "policy",
        "Sets what becomes of new connections below a CA while its list is missing or past its time.",
        ["gatehouse crl policy plant-7 --stale refuse --drill", "gatehouse crl policy plant-7 --stale refuse", "gatehouse crl policy plant-7 --stale accept"],
        [certificate, stale, drill],
        async call =>
        {
            var path = HubPath.Operator("revocation-lists", call.Value(certificate), "rule").With("drill", call.Value(drill) ? "true" : null);
            var effect = await call.Hub.PutAsync(path, new JsonObject { ["stale"] = call.Value(stale) }, null, call.Cancellation);
            return call.Answer(effect, terminal => WriteRule(call, terminal, effect));
        });

    private Command Remove => shell.Command(
        "remove",
        "Takes away a CA's list with its rule: what only the list revoked is let in again.",
        ["gatehouse crl remove plant-7"],
        [ca],
        async call =>
        {
            var removed = await call.Hub.DeleteAsync(HubPath.Operator("revocation-lists", call.Value(ca)), null, call.Cancellation);
            return call.Answer(removed, terminal => terminal.Line($"The list of {removed["caName"]} ({removed["entries"]} entries) and its rule are gone."));
        });

    private void WriteImport(Call call, Terminal terminal, JsonNode effect)
    {
        var list = effect["list"]!;
        var name = $"List {list["number"]} of {list["caName"]}";
        if (!(bool)effect["isNew"]!)
        {
            terminal.Line($"{name} is in force already; nothing was changed.");
            return;
        }

        var isDrill = call.Value(drill);
        terminal.Line(isDrill ? $"{name} would be taken; nothing was changed." : $"{name} is in force, here at once and on other nodes within a second.");
        terminal.Line($"Entries: {list["entries"]}, of them {effect["added"]} new; {effect["removed"]} are gone. The next list is due at {ReadableTime.Of(list["nextUpdate"])}.");
        var (count, live) = ((int)effect["liveCount"]!, effect["live"]!.AsArray());
        terminal.Line(count == 0 ? "Nobody is connected to this node by what is new in it."
            : $"{count} connected to this node by what is new in it{(isDrill ? "" : ", cut off")}: {Names(live, count)}");
    }

    private void WriteRule(Call call, Terminal terminal, JsonNode effect)
    {
        var list = effect["list"]!;
        var (rule, isDrill) = (Text(list["stale"]), call.Value(drill));
        terminal.Line(!(bool)effect["isNew"]! ? $"The rule of {list["caName"]} is {rule} already."
            : isDrill ? $"The rule of {list["caName"]} would be {rule}; nothing was changed."
            : $"The rule of {list["caName"]} is {rule}.");
        if (rule == "refuse" && (bool)list["isStale"]!)
        {
            terminal.Line($"It has {(list["number"] is null ? "no list" : $"a list that was to be followed by {ReadableTime.Of(list["nextUpdate"])}")}: {(isDrill ? "new connections below it would be refused" : "new connections below it are refused")}.");
            terminal.Line($"{effect["liveCount"]} are connected to this node below it, and stay until they break off.");
        }
    }

    private static string Names(JsonArray names, int count) =>
        string.Join(", ", names.Take(MostNamed).Select(Text)) + (count > MostNamed ? $" and {count - MostNamed} more" : "") + ".";

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}
