using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.Registry;

/// <summary><c>keys</c>, <c>regenerate-key</c> and <c>connection-string</c> of devices and modules: these print secrets, for that is what they are for.</summary>
internal sealed class IdentityKeys(Shell shell, IdentityTarget target)
{
    private const int KeyBytes = 32;

    private readonly Argument<string> which = new Argument<string>("key") { Description = "primary, secondary, or swap to exchange the two." }.AcceptOnlyFromAmong("primary", "secondary", "swap");
    private readonly Option<string> keyType = new Option<string>("--key-type", "--kt") { Description = "primary (default) or secondary.", HelpName = "key", DefaultValueFactory = _ => "primary" }.AcceptOnlyFromAmong("primary", "secondary");

    private string Example => target.IsModule ? "sensor-1 camera" : "sensor-1";

    internal Command Keys => shell.Command("keys", $"Prints the keys of a {target.Kind}.", [$"gatehouse {target.Kind} keys {Example}"], target.Symbols, async call =>
    {
        var (_, keys) = await ReadAsync(call, target.Of(call));
        return call.Answer(keys.DeepClone(), terminal => terminal.Facts(("primary", (string?)keys["primaryKey"]), ("secondary", (string?)keys["secondaryKey"])));
    });

    internal Command RegenerateKey => shell.Command(
        "regenerate-key",
        $"Replaces a key of a {target.Kind}; connections that stand on it end at once.",
        [$"gatehouse {target.Kind} regenerate-key {Example} secondary", $"gatehouse {target.Kind} regenerate-key {Example} swap"],
        [.. target.Symbols, which],
        RegenerateAsync);

    internal Command ConnectionString => shell.Command(
        "connection-string",
        $"Prints the connection string of a {target.Kind}, as SDKs take it.",
        [$"gatehouse {target.Kind} connection-string {Example}"],
        [.. target.Symbols, keyType],
        ConnectAsync);

    private async Task<int> RegenerateAsync(Call call)
    {
        var key = target.Of(call);
        var (identity, keys) = await ReadAsync(call, key);
        var (primary, secondary) = ((string?)keys["primaryKey"], (string?)keys["secondaryKey"]);
        (keys["primaryKey"], keys["secondaryKey"]) = call.Value(which) switch
        {
            "primary" => (NewKey(), secondary),
            "secondary" => (primary, NewKey()),
            _ => (secondary, primary),
        };
        var updated = await call.Hub.PutAsync(IdentityTarget.Path(key), identity, (string?)identity["etag"], call.Cancellation);
        var what = call.Value(which) == "swap" ? "the keys were exchanged" : $"the {call.Value(which)} key is new";
        return call.Answer(updated["authentication"]!["symmetricKey"]!.DeepClone(), terminal =>
            terminal.Line($"{target.Kind} '{key}': {what}. Next: gatehouse {target.Kind} connection-string {key.ToString().Replace('/', ' ')} --key-type {(call.Value(which) == "secondary" ? "secondary" : "primary")}"));
    }

    private async Task<int> ConnectAsync(Call call)
    {
        var key = target.Of(call);
        var identity = await call.Hub.GetAsync(IdentityTarget.Path(key), call.Cancellation);
        var authentication = identity["authentication"]!;
        var module = key.Module is { } id ? $";ModuleId={id}" : "";
        var proof = (string?)authentication["type"] switch
        {
            "sas" => "SharedAccessKey=" + (string?)authentication["symmetricKey"]![call.Value(keyType) + "Key"],
            "selfSigned" or "certificateAuthority" => "x509=true",
            var other => throw new CliException($"the {target.Kind} '{key}' has no credentials of its own ({other}) and cannot connect by itself. Give it some with 'gatehouse {target.Kind} update'."),
        };
        var text = $"HostName={call.Hub.Address.HostName};DeviceId={key.Device}{module};{proof}";
        call.Answer(new JsonObject { ["connectionString"] = text }, terminal => terminal.Line(text));
        WarnOfPorts(call);
        return ExitCode.Ok;
    }

    private static void WarnOfPorts(Call call)
    {
        var address = call.Hub.Address;
        if (address.MqttPort != HubAddress.UsualMqttPort || address.HttpsPort != HubAddress.UsualHttpsPort)
        {
            call.Terminal.Note($"note: SDKs connect to ports 8883 (MQTT) and 443 (WebSocket), and a connection string cannot name others; this server is on {address.MqttPort} and {address.HttpsPort}.");
        }
    }

    private async Task<(JsonNode Identity, JsonObject Keys)> ReadAsync(Call call, IdentityKey key)
    {
        var identity = await call.Hub.GetAsync(IdentityTarget.Path(key), call.Cancellation);
        return identity["authentication"]?["symmetricKey"] is JsonObject keys && (string?)keys["primaryKey"] is not null
            ? (identity, keys)
            : throw new CliException($"the {target.Kind} '{key}' has no keys: it proves itself by {identity["authentication"]?["type"]}. Keys come with 'gatehouse {target.Kind} update … --auth-method sas'.");
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));
}
