using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli.Auditing;

/// <summary>The group <c>audit</c>.</summary>
internal sealed class AuditCommands(Shell shell)
{
    private const int MaxPage = 1_000;

    private readonly Option<long> after = new("--after") { Description = "Start after the record of this number; default 0, the oldest kept.", HelpName = "number" };
    private readonly Option<int> max = new("--max") { Description = $"At most so many; 1–{MaxPage}, default 100.", HelpName = "number", DefaultValueFactory = _ => 100 };
    private readonly Option<bool> all = new("--all") { Description = "Go on to the newest record." };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new AuditCommands(shell);
        return Shell.Group("audit", "The log of every change and refusal, chained by hashes.", commands.List, commands.Verify);
    }

    private Command List => shell.Command(
        "list", "Lists records, oldest first.", ["gatehouse audit list --after 1200 --max 50", "gatehouse audit list --all --json > audit.json"], [after, max, all], ListAsync);

    private Command Verify => shell.Command("verify", "Walks the whole hash chain; exit code 1 when a record was altered, removed or reordered.", ["gatehouse audit verify"], [], async call =>
    {
        var check = await call.Hub.GetAsync(HubPath.Operator("audit", "verify"), call.Cancellation);
        var isIntact = (bool)check["isIntact"]!;
        call.Answer(check, terminal => terminal.Line(isIntact
            ? $"intact: {check["records"]} records, {check["firstSequence"]} to {check["lastSequence"]}."
            : $"NOT INTACT at record {check["brokenAt"]}: {check["problem"]} Keep the store as it is and compare it with a backup."));
        return isIntact ? ExitCode.Ok : ExitCode.Refused;
    });

    private async Task<int> ListAsync(Call call)
    {
        if (call.Value(max) is < 1 or > MaxPage || call.Value(after) < 0)
        {
            throw CliException.Usage($"--max takes 1–{MaxPage}, --after 0 or more.");
        }

        var records = new JsonArray();
        var last = call.Value(after);
        bool isMore;
        do
        {
            var page = await PageAsync(call, last);
            isMore = page.Count == (call.Value(all) ? MaxPage : call.Value(max));
            foreach (var record in page.ToList())
            {
                page.Remove(record);
                last = (long)record!["sequence"]!;
                records.Add(record);
            }
        }
        while (call.Value(all) && isMore);

        if (isMore)
        {
            call.Terminal.Note($"note: there may be more: --after {last}");
        }

        return call.Answer(records, terminal => terminal.Table(["number", "time", "actor", "action", "subject", "detail"], records.Select(record => new[]
        {
            record!["sequence"]!.ToString(), ReadableTime.Of(record["time"]), (string?)record["actor"], (string?)record["action"], (string?)record["subject"],
            record["detail"] is { } detail ? SafeJson.Write(detail, isIndented: false) : null,
        })));
    }

    private async Task<JsonArray> PageAsync(Call call, long last)
    {
        var path = HubPath.Operator("audit")
            .With("after", last.ToString(CultureInfo.InvariantCulture))
            .With("max", (call.Value(all) ? MaxPage : call.Value(max)).ToString(CultureInfo.InvariantCulture));
        return (await call.Hub.GetAsync(path, call.Cancellation))["value"]!.AsArray();
    }
}
