using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.Refusals;

/// <summary><c>why DEVICE</c>: the last refusals in words, and how the device stands now.</summary>
internal sealed class Why(Shell shell)
{
    private const int MostShown = 1_000;

    private readonly Argument<string> identity = new("device") { Description = "Device id, or device/module." };
    private readonly Option<int> max = new("--max") { Description = $"At most so many refusals, the newest; 1–{MostShown}, default 3.", HelpName = "number", DefaultValueFactory = _ => 3 };

    internal Command Command => shell.Command(
        "why", "Says why a device was refused, and what to do.", ["gatehouse why sensor-1", "gatehouse why sensor-1/camera --max 10 --json"], [identity, max], RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        var name = call.Value(identity);
        if (!IdentityKey.TryParse(name, out var key))
        {
            throw CliException.Usage($"'{name}' is neither a device id nor device/module.");
        }

        if (call.Value(max) is < 1 or > MostShown)
        {
            throw CliException.Usage($"--max: 1–{MostShown} is allowed.");
        }

        var path = HubPath.Operator("refusals").With("identity", name).With("max", call.Value(max).ToString(CultureInfo.InvariantCulture));
        var refusals = (await call.Hub.GetAsync(path, call.Cancellation))["value"]!.AsArray();
        var registered = await call.Hub.FindAsync(IdentityTarget.Path(key), call.Cancellation);
        var device = key.IsModule ? await call.Hub.FindAsync(IdentityTarget.Path(new IdentityKey(key.Device)), call.Cancellation) : registered;
        return call.Answer(AsJson(name, refusals, registered, device), terminal =>
        {
            foreach (var refusal in refusals)
            {
                WriteRefusal(terminal, refusal!, name, registered);
            }

            terminal.Line((refusals.Count == 0 ? $"'{name}' has not been refused as far back as refusals are kept. " : "Now: ") + Standing(key, registered, device));
            if (refusals.Count == 0 && registered is not null && ReadableTime.Of(registered["connectionStateUpdatedTime"]) == "never")
            {
                terminal.Line($"If it tries, it does not get as far as its proof: check that it calls '{call.Hub.Address.HostName}' on port {call.Hub.Address.MqttPort}, and that it trusts the hub's root{(call.Hub.Address.CaFile is { } root ? $" ({root})" : "")}.");
            }
        });
    }

    private static void WriteRefusal(Terminal terminal, JsonNode refusal, string name, JsonNode? registered)
    {
        var words = RefusalWords.For(refusal, name);
        var repeats = (long)refusal["repeats"]! is > 0 and var more ? $", and {more} times more" : "";
        terminal.Line($"{ReadableTime.Of(refusal["time"])}  {refusal["reason"]}  ({refusal["protocol"]} from {Address((string?)refusal["remoteAddress"])}{repeats})");
        terminal.Line($"    {words.What}");
        terminal.Line($"    {refusal["detail"]}");
        if (RefusalWords.NearMiss(refusal, registered) is { } near)
        {
            terminal.Line($"    {near}");
        }

        terminal.Line($"    Next: {words.Next}");
        terminal.Line("");
    }

    // An IPv4 peer of a socket that serves both is written as IPv6.
    private static string Address(string? text) => IPAddress.TryParse(text, out var address) ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : "unknown";

    private static string Standing(IdentityKey key, JsonNode? registered, JsonNode? device)
    {
        if (registered is null)
        {
            return device is null && key.IsModule ? $"there is no device '{key.Device}', so no module '{key}' either."
                : key.IsModule ? $"there is no module '{key}'. 'gatehouse module list {key.Device}' shows those there are."
                : $"there is no device '{key}'. 'gatehouse device create {key}' makes it; ids are case-sensitive.";
        }

        var status = (string?)device?["status"] == "disabled" ? $"is disabled{((string?)device["statusReason"] is { } reason ? $" ({reason})" : "")}" : "is enabled";
        var connected = (string?)registered["connectionState"] == "Connected";
        var changed = ReadableTime.Of(registered["connectionStateUpdatedTime"]);
        var connection = connected ? $"is connected since {changed}" : changed == "never" ? "has never been connected" : $"was last connected until {changed}";
        var activity = ReadableTime.Of(registered["lastActivityTime"]) is var last and not "never" ? $"; last activity {last}" : "";
        return $"'{key}' {status}, proves itself by {registered["authentication"]?["type"]}, and {connection}{activity}.";
    }

    private static JsonObject AsJson(string name, JsonArray refusals, JsonNode? registered, JsonNode? device) => new()
    {
        ["identity"] = name,
        ["exists"] = registered is not null,
        ["status"] = (string?)device?["status"],
        ["statusReason"] = (string?)device?["statusReason"],
        ["connectionState"] = (string?)registered?["connectionState"],
        ["connectionStateUpdatedTime"] = (string?)registered?["connectionStateUpdatedTime"],
        ["lastActivityTime"] = (string?)registered?["lastActivityTime"],
        ["refusals"] = new JsonArray([.. refusals.Select(refusal =>
        {
            var shown = refusal!.DeepClone();
            var words = RefusalWords.For(refusal, name);
            (shown["what"], shown["next"], shown["near"]) = (words.What, words.Next, RefusalWords.NearMiss(refusal, registered));
            return shown;
        })]),
    };
}
