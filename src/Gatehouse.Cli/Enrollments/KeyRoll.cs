using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Routing;

namespace Gatehouse.Cli.Enrollments;

/// <summary>A roll of symmetric keys: a new secondary key, then that becomes the primary one. So each roll begins as the first did.</summary>
internal sealed class KeyRoll(EnrollmentTarget target)
{
    // As the service makes them.
    private const int KeyBytes = 64;

    internal Option<string?> From { get; } = new("--key-from") { Description = "File whose one line is the new key in base64; - reads the input. Default: a new one is made.", HelpName = "file" };

    internal async Task<RollStep> BeginAsync(Call call, JsonObject enrollment)
    {
        // The primary key is left out, and stays.
        Set(enrollment, new JsonObject { ["secondaryKey"] = call.Value(From) is { } path ? await SecretFile.ReadAsync(call, path, From.Name) : NewKey() });
        return new RollStep(
            "the secondary key is new; the primary one is still good.",
            target.IsGroup(call)
                ? $"give each device its key derived from the new one (gatehouse enrollment compute-device-key DEVICE --group-id {target.Id(call)} --key-type secondary), and let it register again."
                : $"give the device the new key (gatehouse enrollment keys {target.Id(call)}), and let it register again.",
            $"then end the old key: gatehouse enrollment roll {target.Words(call)} --finish --etag {RollStep.Etag}");
    }

    internal async Task<RollStep> FinishAsync(Call call, JsonObject enrollment, IReadOnlyList<string> devices)
    {
        var keys = await EnrollmentCommands.ReadKeysAsync(call, target);
        Set(enrollment, new JsonObject { ["primaryKey"] = (string)keys["secondaryKey"]!, ["secondaryKey"] = NewKey() });
        const string Done = "the secondary key is the primary one now, and the old primary opens nothing more; a fresh secondary waits for the next roll.";
        return devices.Count == 0
            ? new RollStep(Done)
            : new RollStep(Done, $"a hub goes on accepting the old key from a device that it has until that registers again; at once: gatehouse device regenerate-key {(devices.Count == 1 ? devices[0] : "DEVICE")} primary");
    }

    /// <summary>Whether it did not come by the secondary key of this very version: another version may have had another key there.</summary>
    internal static bool IsBehind(JsonNode enrollment, JsonNode state) => !AttestationWords.HasComeTo(enrollment, state) || (string?)state[AttestationWords.ProvedBy]!["credential"] != "secondary";

    private static void Set(JsonObject enrollment, JsonObject keys) => enrollment["attestation"]![AttestationWords.SymmetricKey] = keys;

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));
}
