using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Registry;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.Revoking;

/// <summary><c>revoke tpm</c>: a TPM attests no more, under whatever registration id, and the device that registered by it is disabled.</summary>
internal sealed class RevokeTpm(Shell shell)
{
    private const string StatusReason = "its TPM was revoked";
    private const int MaxStatusReason = 128;

    private readonly RevocationOptions options = new();
    private readonly Argument<string> registration = new("enrollment") { Description = "Registration id of the TPM's individual enrollment." };

    internal Command Command => shell.Command(
        "tpm",
        "Revokes the TPM of an individual enrollment: it attests no more, and its device in the hub is disabled and cut off.",
        ["gatehouse revoke tpm sensor-3 --drill", "gatehouse revoke tpm sensor-3 --note \"board stolen\""],
        [registration, .. options.Symbols],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        var id = call.Value(registration);
        var enrollment = await call.Provisioning.GetAsync(HubPath.Provisioning("enrollments", id), call.Cancellation);
        if ((string?)enrollment["attestation"]?["tpm"]?["endorsementKey"] is not { } key)
        {
            throw new CliException($"the enrollment '{id}' attests by {enrollment["attestation"]?["type"]}, not by a TPM. See 'gatehouse revoke certificate' and 'gatehouse revoke device'.");
        }

        var effect = await options.SendAsync(call, new JsonObject { ["kind"] = "tpm", ["endorsementKey"] = key });
        var device = await FindDeviceAsync(call, id);
        var isDisabled = device is not null && await DisableAsync(call, device.Value);
        effect["device"] = device?.ToString();
        return call.Answer(effect, terminal =>
        {
            options.Write(call, terminal, effect, $"The TPM of '{id}'");
            terminal.Line(device is null ? "No device of this hub is registered by it."
                : call.Value(options.Drill) ? $"device '{device}' would be disabled."
                : isDisabled ? $"device '{device}' is disabled and cut off."
                : $"device '{device}' was disabled already.");
        });
    }

    // A registration may have led to another hub, or its device may be gone.
    private static async Task<IdentityKey?> FindDeviceAsync(Call call, string id)
    {
        var state = await call.Provisioning.FindAsync(HubPath.Provisioning("registrations", id), call.Cancellation);
        return DeviceId.TryParse((string?)state?["deviceId"], out var device) && string.Equals((string?)state!["assignedHub"], call.Hub.Address.HostName, StringComparison.OrdinalIgnoreCase)
            ? new IdentityKey(device)
            : null;
    }

    private async Task<bool> DisableAsync(Call call, IdentityKey device)
    {
        var path = IdentityTarget.Path(device);
        var identity = await call.Hub.FindAsync(path, call.Cancellation);
        if (identity is null || call.Value(options.Drill) || (string?)identity["status"] != "enabled")
        {
            return false;
        }

        var why = options.Note(call) ?? StatusReason;
        await RevokeDevice.DisableAsync(call.Hub, path, identity, why.Length <= MaxStatusReason ? why : why[..MaxStatusReason], call.Cancellation);
        return true;
    }
}
