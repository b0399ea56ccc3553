using System.CommandLine;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Enrollments;

/// <summary><c>enrollment roll</c>: new keys or certificates without a gap, in two steps that say what comes next. First the new proof beside the old one, then the new one alone.</summary>
/// <remarks>Source: Device Provisioning Service "Roll X.509 device certificates" page; keys go the same way.</remarks>
internal sealed class RollEnrollment(Shell shell, EnrollmentTarget target)
{
    private const int MostNamed = 5;

    private readonly KeyRoll keys = new(target);
    private readonly CertificateRoll certificates = new(target);
    private readonly Option<bool> finish = new("--finish") { Description = "The second step, once the devices have registered with the new key or certificate: the old one opens nothing more. Refused while a device has registered with the old one last, or not at all since." };
    private readonly Option<bool> force = new("--force") { Description = "Finish although some devices have not registered with what is new: they register no more until they have it." };
    private readonly Option<string?> etag = new("--etag", "-e") { Description = "Write only if this is still the ETag; * whatever it is. To finish a roll of keys: the ETag that its first step printed. Otherwise by default the one just read.", HelpName = "etag" };

    internal Command Command => shell.Command(
        "roll",
        "Changes the key or certificate of an enrollment or a group without a gap, in two steps.",
        [
            "gatehouse enrollment roll sensor-1",
            "gatehouse enrollment roll sensor-1 --finish --etag ETAG",
            "gatehouse enrollment roll plant-8 --group --certificate new-ca.pem",
            "gatehouse enrollment roll plant-8 --group --finish",
        ],
        [.. target.Symbols, finish, certificates.File, certificates.CaName, keys.From, force, etag],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        var isFinish = call.Value(finish);
        if (isFinish && new Option[] { certificates.File, certificates.CaName, keys.From }.FirstOrDefault(call.IsGiven) is { } beginning)
        {
            throw CliException.Usage($"{finish.Name} ends a roll, and {beginning.Name} is to begin one: give one of them.");
        }

        var enrollment = (await call.Provisioning.GetAsync(target.Path(call), call.Cancellation)).AsObject();
        var type = AttestationWords.Of(enrollment);
        if ((type == AttestationWords.X509 ? new Option[] { keys.From } : [certificates.File, certificates.CaName]).FirstOrDefault(call.IsGiven) is { } alien)
        {
            throw new CliException($"{target.Name(call)} attests by {type}, and {alien.Name} is for another kind. 'gatehouse enrollment roll --help' shows each.");
        }

        var step = (type, isFinish) switch
        {
            (AttestationWords.SymmetricKey, false) => await keys.BeginAsync(call, enrollment),
            (AttestationWords.SymmetricKey, true) when !call.IsGiven(etag) => throw NoBeginning(call),
            (AttestationWords.SymmetricKey, true) => await keys.FinishAsync(call, enrollment, await NewcomersAsync(call, enrollment, KeyRoll.IsBehind)),
            (AttestationWords.X509, false) => await certificates.BeginAsync(call, enrollment),
            (AttestationWords.X509, true) => certificates.Finish(call, enrollment, await NewcomersAsync(call, enrollment, await certificates.IsBehindAsync(call, enrollment))),
            _ => throw new CliException($"a TPM has one endorsement key, and its key for the hub is a new one each time that the device registers: there is nothing to roll. After a repair: gatehouse enrollment update {target.Id(call)} --endorsement-key KEY"),
        };
        enrollment.Remove("registrationState");
        var saved = await call.Provisioning.PutAsync(target.Path(call), enrollment, call.Value(etag) ?? (string?)enrollment["etag"], call.Cancellation);
        return call.Answer(EnrollmentView.Masked(saved), terminal =>
        {
            terminal.Line($"{target.Name(call)}: {step.Done}");
            foreach (var next in step.Next)
            {
                terminal.Note("Next: " + next.Replace(RollStep.Etag, ((string)saved["etag"]!).Trim('"'), StringComparison.Ordinal));
            }
        });
    }

    // There are always two keys: without the ETag nothing tells a roll that has begun from one that has not, and the key that devices use would end.
    private CliException NoBeginning(Call call) => CliException.Usage(
        $"which roll of {target.Name(call)} is to be finished? Name the ETag that its first step printed: --finish {etag.Name} ETAG. None begun: gatehouse enrollment roll {target.Words(call)}");

    /// <summary>The devices that have registered; refused where some of them would be locked out.</summary>
    private async Task<IReadOnlyList<string>> NewcomersAsync(Call call, JsonObject enrollment, Func<JsonNode, JsonNode, bool> isBehind)
    {
        var states = target.IsGroup(call) ? [.. await RegistrationCommands.OfGroupAsync(call, target.Id(call), null)]
            : enrollment["registrationState"] is { } own ? [own]
            : Array.Empty<JsonNode?>();
        var behind = states.Where(state => isBehind(enrollment, state!)).ToLookup(state => AttestationWords.HasComeTo(enrollment, state!), state => (string)state!["registrationId"]!);
        var count = behind.Sum(each => each.Count());
        if (count > 0 && !call.Value(force))
        {
            string[] told = [.. Told("came again with the old one", behind[true]), .. Told("have not come since the roll began", behind[false])];
            throw new CliException($"{count} of {states.Length} devices have not registered with what is new, and could register no more: {string.Join("; ", told)}. Let them register with it first, or leave them behind with {force.Name}.");
        }

        return [.. states.Select(state => (string?)state!["deviceId"]).Where(device => device is not null).Select(device => device!)];
    }

    private static IEnumerable<string> Told(string what, IEnumerable<string> devices)
    {
        var all = devices.ToList();
        return all.Count == 0 ? [] : [$"{what}: {string.Join(", ", all.Take(MostNamed))}{(all.Count > MostNamed ? $" and {all.Count - MostNamed} more" : "")}"];
    }
}

/// <param name="Done">What is so now, without the enrollment's name.</param>
/// <param name="Next">What is to be done, in its order.</param>
internal sealed record RollStep(string Done, params IReadOnlyList<string> Next)
{
    /// <summary>In <see cref="Next"/>: the ETag that the enrollment has then.</summary>
    internal const string Etag = "{etag}";
}
