using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.StrictModes;

/// <summary>The group <c>strict</c>: what the hub asks of proofs beyond what Azure IoT Hub asks.</summary>
internal sealed class StrictCommands(Shell shell)
{
    private const int MostNamed = 20;

    private readonly Option<string?> lifetime = new("--max-token-lifetime") { Description = "Tokens that end later than in so many seconds are refused; 600–31536000, or none.", HelpName = "seconds" };
    private readonly Option<string?> devices = new Option<string?>("--devices") { Description = "How devices and modules prove themselves: any way, or x509 for certificates only.", HelpName = "way" }
        .AcceptOnlyFromAmong("any", "x509");

    private readonly Option<string?> tokens = new Option<string?>("--device-tokens") { Description = "Whose keys sign the tokens of devices and modules: any, or own for their own only, none of a policy.", HelpName = "whose" }
        .AcceptOnlyFromAmong("any", "own");

    private readonly Option<string?> keys = new Option<string?>("--device-keys") { Description = "Keys of devices and modules: stored, or derived when they are used; then the hub takes no others.", HelpName = "way" }
        .AcceptOnlyFromAmong("stored", "derived");

    private readonly Option<bool> drill = new("--drill") { Description = "Say what would happen, and change nothing." };
    private readonly Option<bool> force = new("--force") { Description = "Do it though nobody, or you yourself, could get in any more." };
    private readonly Option<string?> etag = new("--etag") { Description = "Only if this is still the ETag. Default: whatever it is.", HelpName = "etag" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new StrictCommands(shell);
        return Shell.Group("strict", "Strict modes: what the hub asks of tokens and devices beyond what Azure IoT Hub asks.", commands.Show, commands.Set, NetworkCommands.Group(shell));
    }

    private Command Show => shell.Command("show", "Shows the strict modes.", ["gatehouse strict show"], [], async call =>
    {
        var found = await call.Hub.GetAsync(HubPath.Operator("strictness"), call.Cancellation);
        return call.Answer(found, terminal => Write(terminal, found));
    });

    private Command Set => shell.Command(
        "set",
        "Turns strict modes on or off; who is connected by what is no longer taken is cut off at once.",
        ["gatehouse strict set --max-token-lifetime 3600 --drill", "gatehouse strict set --max-token-lifetime 3600", "gatehouse strict set --devices x509", "gatehouse strict set --device-tokens own", "gatehouse strict set --device-keys derived --drill", "gatehouse strict set --max-token-lifetime none"],
        [lifetime, devices, tokens, keys, drill, force, etag],
        async call =>
        {
            var body = new JsonObject();
            if (call.Value(lifetime) is { } seconds)
            {
                body["maxTokenLifetimeSeconds"] = Seconds(seconds);
            }

            if (call.Value(devices) is { } way)
            {
                body["deviceAuthentication"] = way;
            }

            if (call.Value(tokens) is { } whose)
            {
                body["deviceTokens"] = whose;
            }

            if (call.Value(keys) is { } made)
            {
                body["deviceKeys"] = made;
            }

            if (body.Count == 0)
            {
                throw CliException.Usage("nothing is named to change: give --max-token-lifetime, --devices, --device-tokens or --device-keys.");
            }

            var path = HubPath.Operator("strictness").With("drill", call.Value(drill) ? "true" : null).With("force", call.Value(force) ? "true" : null);
            var effect = await call.Hub.PatchAsync(path, body, call.Value(etag), call.Cancellation);
            return call.Answer(effect, terminal => Write(terminal, effect, call.Value(drill)));
        });

    private static long Seconds(string text) => text == "none" ? 0
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 ? seconds
        : throw CliException.Usage("--max-token-lifetime: a number of seconds, or none.");

    private static void Write(Terminal terminal, JsonNode strictness) => terminal.Facts(
        ("tokens", (long)strictness["maxTokenLifetimeSeconds"]! is var seconds and > 0 ? string.Create(CultureInfo.InvariantCulture, $"end within {seconds} s") : "of any lifetime"),
        ("devices", (string?)strictness["deviceAuthentication"] == "any" ? "keys or certificates" : "certificates only"),
        ("device tokens", (string?)strictness["deviceTokens"] == "any" ? "of their own keys or of policies" : "of their own keys, also for a part"),
        ("device keys", (string?)strictness["deviceKeys"] == "stored" ? "stored, sealed" : (long?)strictness["storedKeyCount"] is var stored and > 0 ? $"derived; stored still, until they are regenerated: those of {Counted(stored.Value)}" : "derived, none is stored"),
        ("etag", (string?)strictness["etag"]));

    private static void Write(Terminal terminal, JsonNode effect, bool isDrill)
    {
        if (!(bool)effect["isChanged"]!)
        {
            terminal.Line("It is so already; nothing was changed.");
        }
        else
        {
            terminal.Line(isDrill ? "This would be in force; nothing was changed." : "In force, here at once and on other nodes within a second.");
        }

        Write(terminal, effect["strictness"]!);
        var (live, stay) = ((int)effect["liveCount"]!, effect["stayCount"]);
        terminal.Line(live == 0 ? "Nobody is connected to this node by what is not taken then."
            : $"{live} connected to this node by what is not taken{(isDrill ? "" : ", cut off")} ({stay} others stay): {Names(effect["live"]!.AsArray(), live)}");
        if ((long)effect["registeredCount"]! is var registered and > 0)
        {
            terminal.Line($"{registered} registered with keys, which {(isDrill ? "could" : "can")} no longer connect ({effect["remainingCount"]} with certificates can): {Names(effect["registered"]!.AsArray(), registered)}");
        }

        if ((long)effect["storedCount"]! is var stored and > 0)
        {
            terminal.Line($"Keys of {Counted(stored)} are stored, and stay good until a plan (`gatehouse rotation plan device-key`) or `gatehouse device regenerate-key` gives derived ones: {Names(effect["stored"]!.AsArray(), stored)}");
        }

        if (isDrill && (string?)effect["danger"] is { } danger)
        {
            terminal.Note($"Only with --force: {danger}");
        }
    }

    private static string Counted(long count) => count == 1 ? "1 device or module" : string.Create(CultureInfo.InvariantCulture, $"{count} devices and modules");

    private static string Names(JsonArray names, long count) =>
        string.Join(", ", names.Take(MostNamed).Select(IdentityView.Text)) + (count > Math.Min(MostNamed, names.Count) ? " and more." : ".");
}
