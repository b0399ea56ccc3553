using System.CommandLine;
using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Rotation;

/// <summary><c>rotation plan</c>: makes a plan, or only shows it.</summary>
internal sealed class PlanRotation(Shell shell)
{
    private const string PolicyKey = "policy-key";
    private const string DeviceKey = "device-key";
    private const string Ca = "ca";

    private readonly Argument<string> kind = new Argument<string>("kind") { Description = "What is rotated: policy-key, the keys of a shared access policy; device-key, those of devices and modules; ca, from one CA certificate to another; of the provisioning service group-key and enrollment-key, the symmetric keys of an enrollment group or an individual enrollment, group-ca, from one CA certificate of a group to its other one, and provisioning-policy-key." }.AcceptOnlyFromAmong([PolicyKey, DeviceKey, Ca, .. RotationTarget.ServiceKinds]);
    private readonly Argument<string[]> names = new("name") { Description = "Name of the policy, group or enrollment; of the CA certificate that goes, and of the one that devices move to.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> first = new Option<string?>("--first") { Description = "The key to regenerate first, to which clients move: primary or secondary. Default: the one that is not used, or not for longer.", HelpName = "key" }.AcceptOnlyFromAmong("primary", "secondary");
    private readonly Option<long> unusedFor = new("--unused-for") { Description = "Seconds that nobody may have used a key before it is regenerated; longer than the longest pause of its clients. 10–34560000, default 86400.", HelpName = "seconds", DefaultValueFactory = _ => 86_400 };
    private readonly Option<long?> atLatest = new("--at-latest") { Description = "Seconds that clients may take to move; after them the old key goes although somebody uses it, and who stands on it is cut off. Default: as long as it takes.", HelpName = "seconds" };
    private readonly Option<string[]> devices = new("--device") { Description = "device-key: id of a device; as often as needed.", HelpName = "id" };
    private readonly Option<string?> module = new("--module") { Description = "device-key: the module of that one device, instead of the device.", HelpName = "id" };
    private readonly Option<string?> devicesFile = new("--devices-file") { Description = "device-key: file with one device or device/module a line, - for the input; at most 10000.", HelpName = "file" };
    private readonly Option<string?> query = new("--query") { Description = "device-key: a condition over the registry, as jobs take it, or FROM devices.modules WHERE …; at most 100000 of them.", HelpName = "condition" };
    private readonly Option<int?> canary = new("--canary") { Description = "device-key: so many of them go first; the others follow when these are through.", HelpName = "number" };
    private readonly Option<string[]> canaryDevices = new("--canary-device") { Description = "device-key: this one goes first (device or device/module); as often as needed.", HelpName = "id" };
    private readonly Option<bool> tell = new("--tell") { Description = "device-key: tell each device by a desired property which of its keys to use." };
    private readonly Option<bool> drill = new("--drill") { Description = "Only show the plan." };
    private readonly Option<string?> at = new("--at") { Description = "Begin by itself then: a time with its zone (2027-01-31T02:00:00Z), or +90s, +30m, +8h, +2d from now.", HelpName = "time" };
    private readonly Option<bool> start = new("--start") { Description = "Start it at once." };

    internal Command Command => shell.Command(
        "plan",
        "Makes a plan and shows its steps; nothing is changed before it is started.",
        [
            "gatehouse rotation plan policy-key service --drill",
            "gatehouse rotation plan policy-key service --unused-for 172800 --start",
            "gatehouse rotation plan policy-key device --at-latest 604800",
            "gatehouse rotation plan policy-key service --at 2027-01-31T02:00:00Z",
            "gatehouse rotation plan device-key --device pump-1 --device pump-2 --start",
            "gatehouse rotation plan device-key --query \"tags.site = 'north'\" --canary 10 --tell --drill",
            "gatehouse rotation plan ca factory-2024 factory-2027 --start",
            "gatehouse rotation plan group-key line-a --unused-for 604800 --start",
        ],
        [kind, names, first, unusedFor, atLatest, devices, module, devicesFile, query, canary, canaryDevices, tell, at, drill, start],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        if (call.Value(drill) && call.Value(start))
        {
            throw CliException.Usage("--drill and --start exclude each other.");
        }

        if (call.Value(start) && call.Value(at) is not null)
        {
            throw CliException.Usage("--at and --start exclude each other: with --at it begins by itself.");
        }

        var body = await SubjectAsync(call);
        BeginTime.Write(body, call.Value(at));
        body["unusedForSeconds"] = call.Value(unusedFor);
        if (call.Value(first) is { } key)
        {
            body["firstKey"] = key + (call.Value(kind) == "group-ca" ? "Certificate" : "Key");
        }

        if (call.Value(atLatest) is { } seconds)
        {
            body["atLatestSeconds"] = seconds;
        }

        var target = RotationTarget.Of(call, call.Value(kind)!);
        var made = await target.CreateAsync(body, call.Value(drill));
        if (call.Value(start))
        {
            made = await target.ChangeAsync((string)made["id"]!, "start");
        }

        return call.Answer(made, terminal => RotationCommands.Write(terminal, made));
    }

    private async Task<JsonObject> SubjectAsync(Call call)
    {
        var (what, given) = (call.Value(kind)!, call.Value(names) ?? []);
        if (what == DeviceKey)
        {
            return given.Length == 0 ? await FleetAsync(call) : throw CliException.Usage("A plan for the keys of devices takes no name: --device, --devices-file or --query say which.");
        }

        if (IsFleet(call))
        {
            throw CliException.Usage($"--device, --module, --devices-file, --query, --canary, --canary-device and --tell are for {DeviceKey}.");
        }

        return (what, given) switch
        {
            (_, [var name]) when RotationTarget.ServiceKinds.Contains(what) => new JsonObject { ["kind"] = what, ["subject"] = name },
            (PolicyKey, [var policy]) => new JsonObject { ["kind"] = what, ["policy"] = policy },
            (Ca, [var old, var successor]) => new JsonObject { ["kind"] = what, ["subject"] = old, ["successor"] = successor },
            (Ca, _) => throw CliException.Usage("A plan for a CA takes two names: the certificate that goes, and the one that devices move to."),
            _ => throw CliException.Usage("A plan for keys takes one name."),
        };
    }

    private bool IsFleet(Call call) =>
        call.Value(devices) is { Length: > 0 } || call.Value(module) is not null || call.Value(devicesFile) is not null || call.Value(query) is not null
        || call.Value(canary) is not null || call.Value(canaryDevices) is { Length: > 0 } || call.Value(tell);

    private async Task<JsonObject> FleetAsync(Call call)
    {
        var (named, file, condition) = (call.Value(devices) ?? [], call.Value(devicesFile), call.Value(query));
        if ((named.Length > 0 ? 1 : 0) + (file is null ? 0 : 1) + (condition is null ? 0 : 1) != 1)
        {
            throw CliException.Usage("Say which devices are meant by one of --device, --devices-file and --query.");
        }

        if (call.Value(module) is { } ofIt)
        {
            named = named.Length == 1 ? [$"{named[0]}/{ofIt}"] : throw CliException.Usage("--module goes with exactly one --device.");
        }

        var body = new JsonObject { ["kind"] = DeviceKey, ["tell"] = call.Value(tell) };
        if (condition is not null)
        {
            body["query"] = condition;
        }
        else
        {
            body["devices"] = List(file is null ? named : await ReadAsync(call, file));
        }

        if (call.Value(canary) is { } number)
        {
            body["canary"] = number;
        }

        if (call.Value(canaryDevices) is { Length: > 0 } ids)
        {
            body["canaryDevices"] = List(ids);
        }

        return body;
    }

    private static async Task<string[]> ReadAsync(Call call, string path)
    {
        var text = path == "-" ? await call.Surroundings.Input.ReadToEndAsync(call.Cancellation) : await InputFile.ReadTextAsync(path, call.Cancellation);
        return text.TrimStart('\ufeff').Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    private static JsonArray List(IEnumerable<string> texts) => [.. texts.Select(static each => (JsonNode)each)];
}
