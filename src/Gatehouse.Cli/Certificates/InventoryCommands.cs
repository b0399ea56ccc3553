using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Registry;

namespace Gatehouse.Cli.Certificates;

/// <summary><c>certificate inventory</c>, <c>forecast</c> and <c>alarms</c>: all certificates that the hub or the provisioning service knows, what ends when, and who has to be told.</summary>
internal sealed class InventoryCommands(Shell shell)
{
    private const int MostListed = 1_000;
    private const int MostDays = 3_650;
    private static readonly string[] Kinds = ["ca", "crl", "crl-signer", "device", "enrollment-group", "intermediate", "issued", "policy-ca", "server", "server-root"];

    private readonly Option<string?> within = new("--expires-within") { Description = "Only those that have ended or end within this time, as 30d or 12h.", HelpName = "time" };
    private readonly Option<string?> kind = Words.OneOf(new Option<string?>("--kind") { Description = "Only those of one kind.", HelpName = "kind" }, Kinds);
    private readonly Option<string?> issuer = new("--issuer") { Description = "Only those of one issuer, by its name as the list shows it.", HelpName = "name" };
    private readonly Option<int> max = new("--max") { Description = $"At most so many; 1–{MostListed}, default 100.", HelpName = "number", DefaultValueFactory = _ => 100 };
    private readonly Option<string?> after = new("--after") { Description = "Continue after this place, as the last page named it.", HelpName = "place" };
    private readonly Option<bool> all = new("--all") { Description = "Go on to the last one." };
    private readonly Option<string> by = Words.OneOf(new Option<string>("--by") { Description = "Count by day, week or month. Default: week.", HelpName = "period", DefaultValueFactory = _ => "week" }, "day", "week", "month");
    private readonly Option<int> days = new("--within") { Description = $"How many days it looks ahead; 1–{MostDays}, default 90.", HelpName = "days", DefaultValueFactory = _ => 90 };
    private readonly Option<bool> closed = new("--closed") { Description = "Those that were acknowledged or have become void, instead of those that are open." };
    private readonly Option<string?> acknowledge = new("--acknowledge") { Description = "Close one alarm, or with 'all' those that are open now.", HelpName = "id" };
    private readonly Option<bool> provisioning = new("--provisioning") { Description = "Of the provisioning service, not of the hub." };

    internal Command Inventory => shell.Command(
        "inventory",
        "Lists all certificates that the hub has seen or holds, the first to end first.",
        ["gatehouse certificate inventory --expires-within 30d", "gatehouse certificate inventory --kind device --issuer CN=plant-7 --all --json", "gatehouse certificate inventory --provisioning"],
        [within, kind, issuer, max, after, all, provisioning],
        ListAsync);

    internal Command Forecast => shell.Command(
        "forecast",
        "Counts what ends in the time to come, and names the devices that fail then.",
        ["gatehouse certificate forecast", "gatehouse certificate forecast --by day --within 14", "gatehouse certificate forecast --provisioning --json"],
        [by, days, max, after, provisioning],
        ForecastAsync);

    internal Command Alarms => shell.Command(
        "alarms",
        "Lists the alarms about certificates and lists that end, or acknowledges them.",
        ["gatehouse certificate alarms", "gatehouse certificate alarms --acknowledge all", "gatehouse certificate alarms --closed --provisioning"],
        [closed, acknowledge, max, after, provisioning],
        AlarmsAsync);

    private async Task<int> ListAsync(Call call)
    {
        CheckMax(call);
        var found = new JsonArray();
        var next = call.Value(after);
        do
        {
            var page = await Client(call).GetAsync(
                Paged(call, Path(call, "certificate-inventory", "certificateInventory"), next).With("kind", call.Value(kind)).With("issuer", call.Value(issuer)).With("expiresBefore", Before(call)), call.Cancellation);
            foreach (var each in page["value"]!.AsArray())
            {
                found.Add(each!.DeepClone());
            }

            next = (string?)page["next"];
        }
        while (call.Value(all) && next is not null);
        NoteNext(call, next);
        return call.Answer(found, terminal =>
        {
            if (found.Count == 0)
            {
                terminal.Note("no certificates.");
                return;
            }

            WriteCertificates(terminal, found);
        });
    }

    private async Task<int> ForecastAsync(Call call)
    {
        CheckMax(call);
        if (call.Value(days) is < 1 or > MostDays)
        {
            throw CliException.Usage($"{days.Name}: 1–{MostDays} is allowed.");
        }

        var path = Paged(call, Path(call, "certificate-forecast", "certificateForecast"), call.Value(after)).With("by", call.Value(by)).With("withinDays", call.Value(days).ToString(CultureInfo.InvariantCulture));
        var seen = await Client(call).GetAsync(path, call.Cancellation);
        NoteNext(call, (string?)seen["devices"]!["next"]);
        return call.Answer(seen, terminal =>
        {
            terminal.Line($"from {ReadableTime.Of(seen["from"])} to {ReadableTime.Of(seen["until"])}:");
            if (seen["periods"]!.AsArray() is { Count: > 0 } periods)
            {
                terminal.Table([(string)seen["by"]!, "certificates of devices", "devices that fail", "others"], periods.Select(each => new[] { ReadableTime.Of(each!["start"])[..10], Text(each["certificates"]), Text(each["devices"]), Text(each["others"]) }));
            }
            else if (call.Value(after) is null)
            {
                terminal.Line("nothing ends.");
            }

            if (seen["above"]!.AsArray() is { Count: > 0 } above)
            {
                terminal.Line("");
                terminal.Table(["ends", "kind", "used by", "subject", "devices below"], above.Select(each => new[]
                {
                    ReadableTime.Of(each!["certificate"]!["notAfter"]), Text(each["certificate"]!["kind"]), Text(each["certificate"]!["usedBy"]), Text(each["certificate"]!["subject"]), Text(each["devices"]),
                }));
            }

            if (seen["devices"]!["value"]!.AsArray() is { Count: > 0 } devices)
            {
                terminal.Line("");
                terminal.Line("devices whose newest known certificate ends:");
                WriteCertificates(terminal, devices);
            }
        });
    }

    private async Task<int> AlarmsAsync(Call call)
    {
        CheckMax(call);
        if (call.Value(acknowledge) is { } id)
        {
            var done = await Client(call).PostAsync(call.Value(provisioning) ? HubPath.Provisioning("certificateAlarms", id, "acknowledge") : HubPath.Operator("certificate-alarms", id, "acknowledge"), null, null, call.Cancellation);
            return call.Answer(done, terminal => terminal.Line($"alarms acknowledged: {done["acknowledged"]}."));
        }

        var path = Paged(call, Path(call, "certificate-alarms", "certificateAlarms"), call.Value(after)).With("closed", call.Value(closed) ? "true" : null);
        var page = await Client(call).GetAsync(path, call.Cancellation);
        var found = page["value"]!.AsArray();
        NoteNext(call, (string?)page["next"]);
        return call.Answer(found.DeepClone(), terminal =>
        {
            if (found.Count == 0)
            {
                terminal.Note(call.Value(closed) ? "no alarm was closed." : "no alarm is open.");
                return;
            }

            terminal.Table(["id", "ends", "passed", "kind", "used by", "subject", "raised", "closed by"], found.Select(each => new[]
            {
                Text(each!["id"]), ReadableTime.Of(each["notAfter"]), (long)each["days"]! == 0 ? "its end" : $"{each["days"]} days", Text(each["kind"]), Text(each["usedBy"]), Text(each["subject"]), ReadableTime.Of(each["raised"]), Text(each["closedBy"]),
            }));
        });
    }

    private static void WriteCertificates(Terminal terminal, JsonArray certificates) =>
        terminal.Table(["ends", "kind", "status", "used by", "subject", "issuer", "keys", "last seen", "serial", "SHA-256"], certificates.Select(each => new[]
        {
            ReadableTime.Of(each!["notAfter"]), Text(each["kind"]), Text(each["status"]), Text(each["usedBy"]), Text(each["subject"]), Text(each["issuer"]), Text(each["keyType"]), ReadableTime.Of(each["lastSeen"]),
            Text(each["serialNumber"]), Text(each["sha256Thumbprint"]),
        }));

    private HubClient Client(Call call) => call.Value(provisioning) ? call.Provisioning : call.Hub;

    private HubPath Path(Call call, string ofHub, string ofService) => call.Value(provisioning) ? HubPath.Provisioning(ofService) : HubPath.Operator(ofHub);

    private HubPath Paged(Call call, HubPath path, string? next) => path.With("max", (call.Value(all) ? MostListed : call.Value(max)).ToString(CultureInfo.InvariantCulture)).With("after", next);

    private void CheckMax(Call call)
    {
        if (call.Value(max) is < 1 or > MostListed)
        {
            throw CliException.Usage($"{max.Name}: 1–{MostListed} is allowed.");
        }
    }

    private static void NoteNext(Call call, string? next)
    {
        if (next is not null)
        {
            call.Terminal.Note($"More: --after '{next}'");
        }
    }

    private string? Before(Call call)
    {
        if (call.Value(within) is not { } text)
        {
            return null;
        }

        var hours = text.Length == 0 ? 0 : text[^1] switch { 'd' => 24, 'h' => 1, _ => 0 };
        return hours > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= MostDays * 24 / hours
            ? DateTimeOffset.UtcNow.AddHours((double)count * hours).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : throw CliException.Usage($"{within.Name}: a number with d or h, at most {MostDays}d.");
    }

    private static string? Text(JsonNode? node) => IdentityView.Text(node);
}
