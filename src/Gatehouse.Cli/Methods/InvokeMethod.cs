using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.Methods;

/// <summary><c>device invoke-method</c>. Words as in <c>az iot hub invoke-device-method</c> and <c>invoke-module-method</c>.</summary>
internal sealed class InvokeMethod(Shell shell)
{
    private readonly IdentityTarget target = new(isModule: false);
    private readonly Option<string?> module = new("--module", "--module-id", "-m") { Description = "Id of a module of the device: its method instead.", HelpName = "id" };
    private readonly Option<string> name = new("--method-name", "--mn") { Description = "Name of the method.", HelpName = "name", Required = true };
    private readonly Option<string> payload = new("--method-payload", "--mp") { Description = "What the method gets: JSON, or @FILE. Default null.", HelpName = "json", DefaultValueFactory = _ => "null" };
    private readonly Option<int> timeout = new("--timeout", "--to") { Description = "Seconds for the answer, 5–300. Default 30.", HelpName = "seconds", DefaultValueFactory = _ => 30 };
    private readonly Option<int> connectTimeout = new("--connect-timeout") { Description = "Seconds to wait for a device that is not connected, 0–300. Default 0.", HelpName = "seconds", DefaultValueFactory = _ => 0 };

    internal Command Command => shell.Command(
        "invoke-method",
        "Calls a method of a connected device or module and waits for its answer.",
        ["gatehouse device invoke-method sensor-1 --method-name reboot", "gatehouse device invoke-method sensor-1 --module camera --method-name zoom --method-payload '{\"level\": 3}' --timeout 60"],
        [.. target.Symbols, module, name, payload, timeout, connectTimeout],
        async call =>
        {
            if (call.Value(timeout) is < 5 or > 300 || call.Value(connectTimeout) is < 0 or > 300)
            {
                throw CliException.Usage("--timeout: 5 to 300 seconds; --connect-timeout: 0 to 300.");
            }

            var device = target.Device(call).Value;
            var path = call.Value(module) is not { } text ? HubPath.Service("twins", device, "methods")
                : ModuleId.TryParse(text, out var id) ? HubPath.Service("twins", device, "modules", id.Value, "methods")
                : throw CliException.Usage($"'{text}' is no module id.");
            var body = new JsonObject
            {
                ["methodName"] = call.Value(name),
                ["payload"] = await JsonArgument.ReadAsync("--method-payload", call.Value(payload)!, call.Cancellation),
                ["responseTimeoutInSeconds"] = call.Value(timeout),
                ["connectTimeoutInSeconds"] = call.Value(connectTimeout),
            };
            var answer = await call.Hub.PostAsync(path, body, null, call.Cancellation);
            return call.Answer(answer, terminal => terminal.Facts(("status", answer["status"]?.ToJsonString()), ("payload", answer["payload"]?.ToJsonString(SafeJson.Line) ?? "null")));
        });
}
