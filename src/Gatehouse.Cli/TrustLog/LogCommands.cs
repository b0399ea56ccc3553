using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Output;
using Gatehouse.Contracts.Transparency;

namespace Gatehouse.Cli.TrustLog;

/// <summary>The group <c>log</c>: the log of what was issued and of every change of trust.</summary>
internal sealed class LogCommands(Shell shell)
{
    private const int MaxEntries = 1_000;

    private readonly Option<string?> state = new("--state") { Description = "File that holds the log's key and what was seen last; written when all is well.", HelpName = "file" };
    private readonly Option<bool> quick = new("--quick") { Description = "Compare by proofs out of the tiles; do not read the entries." };
    private readonly Option<long> start = new("--from") { Description = "Start with the entry of this number; default 0, the oldest.", HelpName = "number" };
    private readonly Option<int> max = new("--max") { Description = $"At most so many; 1–{MaxEntries}, default 100.", HelpName = "number", DefaultValueFactory = _ => 100 };
    private readonly Argument<string> certificate = new("certificate") { Description = "File with the certificate, PEM or DER.", HelpName = "file" };
    private readonly Argument<string> key = new("key") { Description = "Address of an ec-p256 signing key; made where there is none.", HelpName = "key" };

    internal static HubCommand Group(Shell shell)
    {
        var commands = new LogCommands(shell);
        return Shell.Group("log", "The verifiable log of what was issued and of every change of trust.", commands.Checkpoint, commands.List, commands.Verify, commands.Prove, commands.ChangeKey, commands.BeginAnew);
    }

    private Command Checkpoint => shell.Command("checkpoint", "Prints the newest signed checkpoint.", ["gatehouse log checkpoint"], [], async call =>
    {
        var source = Source(call);
        var (note, checkpoint) = await source.CheckpointAsync();
        var description = await source.DescribeAsync();
        description["checkpoint"] = note.ToString();
        if ((description["problem"] ?? description["keyProblem"]) is { } problem)
        {
            call.Terminal.Note($"note: {problem}");
        }

        return call.Answer(description, terminal =>
        {
            foreach (var line in note.ToString().TrimEnd('\n').Split('\n'))
            {
                terminal.Line(line);
            }
        });
    });

    private Command List => shell.Command(
        "list", "Lists entries, oldest first; 'verify' says whether they are genuine.", ["gatehouse log list --from 1200 --max 50"], [start, max], ListAsync);

    private Command Verify => shell.Command(
        "verify", "Reads the whole log; exit code 1 when it was forked, shortened or altered.", ["gatehouse log verify --state plant.log", "gatehouse log verify --state plant.log --quick"], [state, quick], VerifyAsync);

    private Command Prove => shell.Command(
        "prove", "Proves that a certificate is in the log; exit code 1 when it is not.", ["gatehouse log prove sensor-1.pem --state plant.log"], [certificate, state], call => new CertificateProof(Source(call), call, call.Value(certificate), call.Value(state)).RunAsync());

    private Command ChangeKey => shell.Command("change-key", "Has the log's key announce another, which signs from the next checkpoint on.", ["gatehouse log change-key 'pkcs11:token=plant;object=trust-log'"], [key], async call =>
        Show(call, await Source(call).PostAsync("key", new JsonObject { ["key"] = call.Value(key) })));

    private Command BeginAnew => shell.Command("begin-anew", "Begins another log with what is left of one that somebody has changed.", ["gatehouse log begin-anew"], [], async call =>
        Show(call, await Source(call).PostAsync("begin-anew", null)));

    private static LogSource Source(Call call) => new(call.Hub, call.Cancellation);

    private static int Show(Call call, JsonNode answer) => call.Answer(answer, terminal =>
    {
        terminal.Line($"log {answer["origin"]}: {answer["size"]} entries.");
        var isBefore = true;
        foreach (var each in answer["keys"]!.AsArray())
        {
            var isSigning = (bool)each!["isSigning"]!;
            terminal.Line($"{(isSigning ? "signs" : isBefore ? "former" : "next")}: {each["key"]}  {each["verifierKey"]}");
            isBefore &= !isSigning;
        }
    });

    private async Task<int> VerifyAsync(Call call)
    {
        var (source, path) = (Source(call), call.Value(state));
        var memory = path is null ? null : await LogStateFile.ReadAsync(path, call.Cancellation);
        var view = await LogView.ReadAsync(source, memory);
        var walk = new LogWalk(source, view);
        if (call.Value(quick))
        {
            await walk.ReadProofsAsync(new TiledTree(view.Checkpoint.Size, source.TileAsync));
        }
        else
        {
            await walk.ReadAllAsync(count => call.Terminal.Progress($"{count} of {view.Checkpoint.Size} entries"));
            call.Terminal.EndProgress();
        }

        if (path is not null)
        {
            await LogStateFile.WriteAsync(path, view.Remembered, call.Cancellation);
        }

        var answer = new JsonObject
        {
            ["origin"] = view.Checkpoint.Origin, ["size"] = view.Checkpoint.Size, ["root"] = Convert.ToBase64String(view.Checkpoint.Root.Span), ["verifierKey"] = view.Key.ToString(), ["seenBefore"] = memory?.Checkpoint.Size,
        };
        return call.Answer(answer, terminal => terminal.Line($"genuine: {view.Checkpoint.Size} entries of {view.Checkpoint.Origin}, signed by {view.Key.Id}; {(
            memory is not null ? $"it continues the {memory.Checkpoint.Size} entries that were seen before."
            : path is not null ? "its key is pinned from now on."
            : "nothing was compared with what was seen before: give --state.")}"));
    }

    private async Task<int> ListAsync(Call call)
    {
        var (first, count) = (call.Value(start), call.Value(max));
        if (first < 0 || count is < 1 or > MaxEntries)
        {
            throw CliException.Usage($"--max takes 1–{MaxEntries}, --from 0 or more.");
        }

        var source = Source(call);
        var (_, checkpoint) = await source.CheckpointAsync();
        var rows = new JsonArray();
        var end = Math.Min(checkpoint.Size, first + count);
        for (var bundle = first / TilePath.Full; bundle * TilePath.Full < end; bundle++)
        {
            var entries = await source.EntriesAsync(bundle, checkpoint.Size);
            for (var i = 0; i < entries.Count; i++)
            {
                var number = (bundle * TilePath.Full) + i;
                if (number >= first && number < end)
                {
                    var row = LogWalk.Read(entries[i]) ?? [];
                    row.Insert(0, "number", number);
                    rows.Add((JsonNode)row);
                }
            }
        }

        if (end < checkpoint.Size)
        {
            call.Terminal.Note($"note: there are more: --from {end}");
        }

        return call.Answer(rows, terminal => terminal.Table(["number", "time", "actor", "action", "subject", "detail"], rows.Select(static row => new[]
        {
            row!["number"]!.ToString(), ReadableTime.Of(row["time"]), row["actor"]?.ToString(), row["action"]?.ToString(), row["subject"]?.ToString(), row["detail"] is { } detail ? SafeJson.Write(detail, isIndented: false) : null,
        })));
    }
}
