using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.StrictModes;

/// <summary>The group <c>strict network</c>: where single devices must come from.</summary>
internal sealed class NetworkCommands(Shell shell)
{
    private const int MostNamed = 20;
    private const int MostListed = 1000;

    private readonly Argument<string> device = new("device") { Description = "Id of the device; its modules are bound with it." };
    private readonly Argument<string[]> ranges = new("range") { Description = "192.0.2.0/24, 2001:db8::/32, or one address; as many as needed.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<bool> drill = new("--drill") { Description = "Say what would happen, and change nothing." };
    private readonly Option<bool> force = new("--force") { Description = "Do it though the device would lose all its connections." };
    private readonly Option<string?> after = new("--after") { Description = "Only devices after this id.", HelpName = "id" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new NetworkCommands(shell);
        return Shell.Group("network", "Networks that single devices must come from.", commands.Set, commands.Show, commands.List, commands.Remove);
    }

    private Command Set => shell.Command(
        "set",
        "Binds a device to networks, in place of those before; connections from elsewhere are cut off at once.",
        ["gatehouse strict network set pump-7 192.0.2.0/24 2001:db8:7::/48 --drill", "gatehouse strict network set pump-7 192.0.2.17"],
        [device, ranges, drill, force],
        async call =>
        {
            var body = new JsonObject { ["ranges"] = new JsonArray([.. call.Value(ranges).Select(static range => JsonValue.Create(range))]) };
            var path = PathOf(call).With("drill", call.Value(drill) ? "true" : null).With("force", call.Value(force) ? "true" : null);
            var effect = await call.Hub.PutAsync(path, body, null, call.Cancellation);
            return call.Answer(effect, terminal => Write(terminal, effect, call.Value(drill)));
        });

    private Command Show => shell.Command("show", "Shows where a device must come from.", ["gatehouse strict network show pump-7"], [device], async call =>
    {
        var found = await call.Hub.GetAsync(PathOf(call), call.Cancellation);
        return call.Answer(found, terminal => terminal.Line($"{found["deviceId"]} {Where(found)}."));
    });

    private Command List => shell.Command("list", $"Lists the devices that are bound to networks, at most {MostListed}.", ["gatehouse strict network list"], [after], async call =>
    {
        var path = HubPath.Operator("networks").With("after", call.Value(after)).With("max", MostListed.ToString(CultureInfo.InvariantCulture));
        var found = (await call.Hub.GetAsync(path, call.Cancellation))["value"]!.AsArray();
        return call.Answer(found.DeepClone(), terminal =>
        {
            if (found.Count == 0)
            {
                terminal.Note("No device is bound to networks.");
                return;
            }

            terminal.Table(["device", "networks"], found.Select(each => new[] { IdentityView.Text(each!["deviceId"]), RangesOf(each) }));
        });
    });

    private Command Remove => shell.Command("remove", "Lets a device come from anywhere again.", ["gatehouse strict network remove pump-7"], [device], async call =>
    {
        var effect = await call.Hub.DeleteAsync(PathOf(call), null, call.Cancellation);
        return call.Answer(effect, terminal => terminal.Line($"{effect["networks"]!["deviceId"]} may come from anywhere{((bool)effect["isChanged"]! ? "" : ", as it could before")}."));
    });

    private HubPath PathOf(Call call) => HubPath.Operator("devices", call.Value(device), "networks");

    private static void Write(Terminal terminal, JsonNode effect, bool isDrill)
    {
        var networks = effect["networks"]!;
        if (!(bool)effect["isChanged"]!)
        {
            terminal.Line("It is so already; nothing was changed.");
            return;
        }

        terminal.Line(isDrill ? $"{networks["deviceId"]} would be bound to {RangesOf(networks)}; nothing was changed."
            : $"{networks["deviceId"]} {Where(networks)}, here at once and on other nodes within a second.");
        var (live, count) = (effect["live"]!.AsArray(), (int)effect["liveCount"]!);
        terminal.Line(count == 0 ? $"No connection to this node comes from elsewhere ({effect["stayCount"]} of it are open)."
            : $"{count} connected to this node from elsewhere{(isDrill ? "" : ", cut off")} ({effect["stayCount"]} others stay): {Names(live)}{(live.Count > MostNamed ? " and more." : ".")}");
        if (isDrill && (string?)effect["danger"] is { } danger)
        {
            terminal.Note($"Only with --force: {danger}");
        }
    }

    private static string Names(JsonArray live) => string.Join(", ", live.Take(MostNamed).Select(static each => $"{each!["identity"]} from {(string?)each["address"] ?? "an unknown address"}"));

    private static string Where(JsonNode networks) => networks["ranges"]!.AsArray().Count == 0 ? "may come from anywhere" : $"must come from {RangesOf(networks)}";

    private static string RangesOf(JsonNode networks) => string.Join(", ", networks["ranges"]!.AsArray().Select(IdentityView.Text));
}
