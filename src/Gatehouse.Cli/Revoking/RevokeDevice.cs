using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Revoking;

/// <summary><c>revoke device</c>: disables a device, whatever it proves itself with. The same as <c>device update --status disabled</c>, beside its relatives and with a drill.</summary>
internal sealed class RevokeDevice(Shell shell)
{
    private readonly IdentityTarget target = new(isModule: false);
    private readonly Option<string?> note = new("--note") { Description = "Up to 128 characters for people, the device's status reason.", HelpName = "text" };
    private readonly Option<bool> drill = new("--drill") { Description = "Say what would happen, and change nothing." };

    internal Command Command => shell.Command(
        "device",
        "Disables a device with its modules; it is cut off at once. To take it back: device update --status enabled.",
        ["gatehouse revoke device sensor-1 --note stolen"],
        [.. target.Symbols, note, drill],
        async call =>
        {
            var key = target.Of(call);
            var path = IdentityTarget.Path(key);
            var identity = await call.Hub.GetAsync(path, call.Cancellation);
            var isDrill = call.Value(drill);
            var wasEnabled = (string?)identity["status"] == "enabled";
            var standing = (string?)identity["connectionState"] == "Connected" ? "it is connected" : "it is not connected";
            var shown = isDrill ? identity : await DisableAsync(call.Hub, path, identity, call.Value(note), call.Cancellation);
            return call.Answer(IdentityView.Shown(shown, showKeys: false), terminal => terminal.Line(
                !wasEnabled ? $"device '{key}' was disabled already."
                : isDrill ? $"device '{key}' would be disabled; {standing}. Nothing was changed."
                : $"device '{key}' is disabled and cut off."));
        });

    /// <summary>On the condition that nobody else has changed it since it was read.</summary>
    internal static Task<JsonNode> DisableAsync(HubClient hub, HubPath path, JsonNode identity, string? reason, CancellationToken cancellationToken)
    {
        (identity["status"], identity["statusReason"]) = ("disabled", reason ?? (string?)identity["statusReason"]);
        return hub.PutAsync(path, identity, (string?)identity["etag"], cancellationToken);
    }
}
