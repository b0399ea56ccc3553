using System.Collections.Concurrent;
using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Enrollments;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.Revoking;

/// <summary><c>revoke group</c>: an enrollment group lets nobody register any more, and every device that came through it is disabled in its hub.</summary>
/// <remarks>The group first: who would register meanwhile does not. What an interrupted run has not done, the next one does.</remarks>
internal sealed class RevokeGroup(Shell shell)
{
    private const string StatusReason = "its enrollment group was revoked";
    private const int MaxStatusReason = 128;
    private const int AtOnce = 8;
    private const int MostNamed = 20;

    // Somebody else may write a device at the same time.
    private const int Attempts = 5;

    // A registration that was under way when the group was disabled may still come in.
    private const int MostRounds = 5;

    private readonly Argument<string> group = new("group") { Description = "Id of the enrollment group." };
    private readonly Option<string?> note = new("--note") { Description = "Up to 128 characters for people, the devices' status reason.", HelpName = "text" };
    private readonly Option<bool> drill = new("--drill") { Description = "Say what would happen, and change nothing." };

    internal Command Command => shell.Command(
        "group",
        "Disables an enrollment group and every device that came through it; they are cut off at once.",
        ["gatehouse revoke group plant-7 --drill", "gatehouse revoke group plant-7 --note \"plant sold\""],
        [group, note, drill],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        if (call.Value(note)?.Length > MaxStatusReason)
        {
            throw CliException.Usage($"--note: up to {MaxStatusReason} characters.");
        }

        var (id, isDrill) = (call.Value(group), call.Value(drill));
        var wasEnabled = await DisableGroupAsync(call, id, isDrill);
        var outcomes = new ConcurrentDictionary<string, (Outcome What, string? Detail)>(StringComparer.Ordinal);
        for (var round = 0; round < MostRounds; round++)
        {
            var states = (await RegistrationCommands.OfGroupAsync(call, id, null)).Where(state => !outcomes.ContainsKey((string)state!["registrationId"]!)).ToList();
            if (states.Count == 0)
            {
                break;
            }

            await Parallel.ForEachAsync(states, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = call.Cancellation }, async (state, _) =>
                outcomes[(string)state!["registrationId"]!] = await CutAsync(call, state, isDrill));
        }

        var answer = Answer(id, wasEnabled, isDrill, outcomes);
        call.Answer(answer, terminal => Write(terminal, answer, isDrill));
        return outcomes.Values.Any(each => each.What == Outcome.Failed) ? ExitCode.Refused : ExitCode.Ok;
    }

    private static async Task<bool> DisableGroupAsync(Call call, string id, bool isDrill)
    {
        var path = HubPath.Provisioning("enrollmentGroups", id);
        var enrollment = (await call.Provisioning.GetAsync(path, call.Cancellation)).AsObject();
        var wasEnabled = (string?)enrollment["provisioningStatus"] != "disabled";
        if (wasEnabled && !isDrill)
        {
            enrollment["provisioningStatus"] = "disabled";
            await call.Provisioning.PutAsync(path, enrollment, (string?)enrollment["etag"], call.Cancellation);
        }

        return wasEnabled;
    }

    private async Task<(Outcome What, string? Detail)> CutAsync(Call call, JsonNode state, bool isDrill)
    {
        if ((string?)state["assignedHub"] is not { Length: > 0 } hub || !DeviceId.TryParse((string?)state["deviceId"], out var device))
        {
            return (Outcome.Nowhere, null);
        }

        if (!string.Equals(hub, call.Hub.Address.HostName, StringComparison.OrdinalIgnoreCase))
        {
            return (Outcome.Elsewhere, hub);
        }

        var path = IdentityTarget.Path(new IdentityKey(device));
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (await call.Hub.FindAsync(path, call.Cancellation) is not { } identity)
                {
                    return (Outcome.Nowhere, null);
                }

                if ((string?)identity["status"] != "enabled")
                {
                    return (Outcome.Already, null);
                }

                var isConnected = (string?)identity["connectionState"] == "Connected";
                if (!isDrill)
                {
                    await RevokeDevice.DisableAsync(call.Hub, path, identity, call.Value(note) ?? StatusReason, call.Cancellation);
                }

                return (isConnected ? Outcome.CutOff : Outcome.Disabled, null);
            }
            catch (HubRefusal refusal) when (refusal.Status == HttpStatusCode.PreconditionFailed && attempt < Attempts)
            {
                // Read again.
            }
            catch (CliException error)
            {
                // The others must not wait for this one.
                return (Outcome.Failed, error.Message);
            }
        }
    }

    private static JsonObject Answer(string id, bool wasEnabled, bool isDrill, IReadOnlyDictionary<string, (Outcome What, string? Detail)> outcomes)
    {
        return new JsonObject
        {
            ["group"] = id,
            ["wasEnabled"] = wasEnabled,
            ["isDrill"] = isDrill,
            ["connected"] = Names(Outcome.CutOff),
            ["disabled"] = Names(Outcome.CutOff, Outcome.Disabled),
            ["disabledBefore"] = Names(Outcome.Already),
            ["inNoHub"] = Names(Outcome.Nowhere),
            ["elsewhere"] = Details(Outcome.Elsewhere),
            ["failed"] = Details(Outcome.Failed),
        };

        JsonArray Names(params Outcome[] wanted) => [.. outcomes.Where(each => wanted.Contains(each.Value.What)).Select(each => each.Key).Order(StringComparer.Ordinal).Select(name => (JsonNode)name)];

        JsonObject Details(Outcome wanted) =>
            new(outcomes.Where(each => each.Value.What == wanted).OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => KeyValuePair.Create(each.Key, (JsonNode?)each.Value.Detail)));
    }

    private static void Write(Terminal terminal, JsonObject answer, bool isDrill)
    {
        terminal.Line(!(bool)answer["wasEnabled"]! ? $"enrollment group '{answer["group"]}' was disabled already."
            : isDrill ? $"enrollment group '{answer["group"]}' would be disabled; nothing was changed."
            : $"enrollment group '{answer["group"]}' is disabled: nobody registers through it.");
        var disabled = Texts(answer["disabled"]);
        terminal.Line(disabled.Count == 0 ? "No device is to be disabled." : $"{disabled.Count} {(isDrill ? "would be disabled" : "disabled")}, {Texts(answer["connected"]).Count} of them connected: {Named(disabled)}");
        if (Texts(answer["disabledBefore"]).Count is > 0 and var before)
        {
            terminal.Line($"{before} disabled before.");
        }

        var elsewhere = answer["elsewhere"]!.AsObject().Select(each => $"{each.Key} ({each.Value})").ToList();
        if (elsewhere.Count > 0)
        {
            terminal.Problem($"{elsewhere.Count} are in other hubs, and stay as they are: {Named(elsewhere)} Repeat with the connection string of each hub.");
        }

        var failed = answer["failed"]!.AsObject().Select(each => $"{each.Key} ({each.Value})").ToList();
        if (failed.Count > 0)
        {
            terminal.Problem($"{failed.Count} could not be disabled: {Named(failed)} Repeat; what is done stays done.");
        }
    }

    private static List<string> Texts(JsonNode? names) => [.. names!.AsArray().Select(each => (string)each!)];

    private static string Named(List<string> names) => string.Join(", ", names.Take(MostNamed)) + (names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "") + ".";

    private enum Outcome
    {
        /// <summary>Disabled, and it was connected.</summary>
        CutOff,
        Disabled,
        Already,

        /// <summary>It has no device.</summary>
        Nowhere,

        /// <summary>In another hub.</summary>
        Elsewhere,
        Failed,
    }
}
