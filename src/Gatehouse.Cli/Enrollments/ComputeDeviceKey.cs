using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Routing;

namespace Gatehouse.Cli.Enrollments;

/// <summary><c>enrollment compute-device-key</c>: the key of one device of a group, computed here. Words as in <c>az iot dps enrollment-group compute-device-key</c>.</summary>
/// <remarks>Source: Device Provisioning Service "Symmetric key attestation" page: HMAC-SHA-256 of the registration id under the group's key, both in base64.</remarks>
internal sealed class ComputeDeviceKey(Shell shell)
{
    private readonly Argument<string> registration = new("registration") { Description = "Registration id of the device, in the case that the device sends." };
    private readonly Option<string?> group = new("--group-id", "--enrollment-id", "--gid", "--eid") { Description = "The group; its key is asked of the service.", HelpName = "group" };
    private readonly Option<string?> keyFrom = new("--key-from") { Description = "File whose one line is the key of the group; - reads the input. No service is asked.", HelpName = "file" };
    private readonly Option<string> keyType = Words.OneOf(new Option<string>("--key-type", "--kt") { Description = "primary (default) or secondary key of the group.", HelpName = "key", DefaultValueFactory = _ => "primary" }, "primary", "secondary");

    internal Command Command => shell.Command(
        "compute-device-key",
        "Prints the key of a device of a group, derived from the group's key on this machine.",
        ["gatehouse enrollment compute-device-key sensor-1 --group-id plant-7", "gatehouse enrollment compute-device-key sensor-1 --key-from plant-7.key"],
        [registration, group, keyFrom, keyType],
        async call =>
        {
            var key = Derive(await GroupKeyAsync(call), call.Value(registration));
            return call.Answer(new JsonObject { ["deviceKey"] = key }, terminal => terminal.Line(key));
        });

    internal static string Derive(string groupKey, string registrationId) =>
        Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(groupKey), Encoding.UTF8.GetBytes(registrationId)));

    private async Task<string> GroupKeyAsync(Call call)
    {
        if (call.Value(group) is null == call.Value(keyFrom) is null)
        {
            throw CliException.Usage($"give one of {group.Name} GROUP and {keyFrom.Name} FILE.");
        }

        if (call.Value(keyFrom) is { } path)
        {
            var line = await SecretFile.ReadAsync(call, path, keyFrom.Name);
            return Convert.TryFromBase64String(line, new byte[line.Length], out var length) && length > 0 ? line : throw CliException.Usage($"{keyFrom.Name}: the key is not base64.");
        }

        return await GroupKeyAsync(call, call.Value(group)!, call.Value(keyType)!);
    }

    /// <param name="call">The run.</param>
    /// <param name="group">Whose key.</param>
    /// <param name="keyType"><c>primary</c> or <c>secondary</c>.</param>
    internal static async Task<string> GroupKeyAsync(Call call, string group, string keyType)
    {
        var attestation = await call.Provisioning.PostAsync(HubPath.Provisioning("enrollmentGroups", group, "attestationmechanism"), null, null, call.Cancellation);
        return (string?)attestation[AttestationWords.SymmetricKey]?[keyType + "Key"]
            ?? throw new CliException($"enrollment group '{group}' has no keys: it attests by {attestation["type"]}, and its devices by certificates.");
    }
}
