using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Attesting;

/// <summary><c>attest tpm token</c>: a SAS token for the hub, signed by the TPM.</summary>
internal sealed class TpmToken(Shell shell)
{
    private readonly TpmOptions options = new();
    private readonly TpmLifetime lifetime = new();
    private readonly Option<string> hub = new("--hub") { Description = "Host name of the hub that the device was assigned to.", HelpName = "host", Required = true };
    private readonly Option<string> device = new("--device-id", "-d") { Description = "Id of the device there.", HelpName = "id", Required = true };

    internal Command Command => shell.Command(
        "token",
        "Prints a SAS token for the hub, signed with the key that the registration left in the TPM.",
        ["gatehouse attest tpm token --hub hub.example.com --device-id sensor-1", "gatehouse attest tpm token --hub hub.example.com --device-id sensor-1 --duration 86400"],
        [hub, device, lifetime.Option, options.Tpm],
        call =>
        {
            var end = lifetime.End(call);
            using var chip = DeviceTpm.WithHubKey(options.Address(call));
            var token = Make(call.Value(hub)!, call.Value(device)!, end, message => chip.Hmac(DeviceTpm.HubKeyHandle, message));
            return Task.FromResult(call.Answer(new JsonObject { ["token"] = token, ["expires"] = end.ToUnixTimeSeconds() }, terminal => terminal.Line(token)));
        });

    internal static string Make(string hub, string device, DateTimeOffset end, Func<byte[], byte[]> sign) => SharedAccessToken.Make($"{hub}/devices/{device}", sign, null, end);
}
