using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Monitoring;

/// <summary><c>monitor</c>: events as they arrive, until it is stopped. A stream that breaks is resumed where it broke.</summary>
internal sealed partial class WatchEvents(Shell shell)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly Option<string?> device = new("--device", "-d") { Description = "Only events of this device.", HelpName = "id" };
    private readonly Option<string?> module = new("--module", "-m") { Description = "Only events of this module of it.", HelpName = "id" };
    private readonly Option<string?> group = new("--consumer-group", "--cg") { Description = "Read as this consumer group; default $Default.", HelpName = "name" };
    private readonly Option<int?> partition = new("--partition") { Description = "Only this partition.", HelpName = "number" };
    private readonly Option<string> from = new("--from") { Description = "latest (default), earliest, time:2026-01-31T12:00:00Z; with --partition also offset:N, sequence:N.", HelpName = "position", DefaultValueFactory = _ => "latest" };
    private readonly Option<bool> properties = new("--properties", "-p") { Description = "Show system and application properties." };
    private readonly Option<bool> annotations = new("--annotations") { Description = "Show what the hub stamped on it." };
    private readonly Option<int?> max = new("--max") { Description = "End after so many events.", HelpName = "number" };
    private readonly Option<int?> timeout = new("--timeout", "-t") { Description = "End when no event came for so many seconds.", HelpName = "seconds" };

    internal Command Command => shell.Command(
        "monitor",
        "Shows events as they arrive; Ctrl+C ends it.",
        ["gatehouse monitor", "gatehouse monitor --device sensor-1 --properties", "gatehouse monitor --from earliest --max 100 --timeout 5 --json"],
        [device, module, group, partition, from, properties, annotations, max, timeout],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        Check(call);
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation);
        var patience = call.Value(timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan;
        idle.CancelAfter(patience);
        var left = call.Value(max) ?? int.MaxValue;
        try
        {
            var positions = await FindPositionsAsync(call, idle.Token);
            bool Write(JsonNode each)
            {
                if (positions.Take(each))
                {
                    idle.CancelAfter(patience);
                    left--;
                    Show(call, each);
                }

                return left > 0;
            }

            await FollowAsync(call, positions, Write, () => left > 0, idle.Token);
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested)
        {
            // Ctrl+C and a quiet hub are both the way this command is meant to end.
        }

        return ExitCode.Ok;
    }

    private async Task FollowAsync(Call call, EventPositions positions, Func<JsonNode, bool> write, Func<bool> isWanted, CancellationToken cancellationToken)
    {
        var filter = new EventFilter(call.Value(group), call.Value(device), call.Value(module));
        var pause = FirstPause;
        var wasOpen = false;
        var isBroken = false;
        while (isWanted())
        {
            try
            {
                // Anew each time: the server may be back on other ports, and an hour's token has a successor.
                using var hub = new HubClient(call.Source.Resolve());
                await new EventFeed(hub, filter).ReadAsync(
                    positions.Streams(wasOpen),
                    write,
                    () =>
                    {
                        if (isBroken || !wasOpen)
                        {
                            call.Terminal.Note(isBroken ? "note: connected again; it goes on where it broke off." : $"Waiting for events of {hub.Address}; Ctrl+C ends it.");
                        }

                        (wasOpen, isBroken, pause) = (true, false, FirstPause);
                    },
                    cancellationToken);
            }
            catch (CliException error) when (wasOpen && IsPassing(error))
            {
                if (!isBroken)
                {
                    call.Terminal.Note($"note: {error.Message} Trying again.");
                }

                isBroken = true;
            }

            if (isWanted())
            {
                await Task.Delay(pause, cancellationToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    // No server, no answer, too busy: these pass. A refusal does not.
    private static bool IsPassing(CliException error) =>
        error is not HubRefusal refusal ? error.Code == ExitCode.Refused : refusal.Status is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    private async Task<EventPositions> FindPositionsAsync(Call call, CancellationToken cancellationToken)
    {
        var all = (await call.Hub.GetAsync(HubPath.Operator("partitions"), cancellationToken))["value"]!.AsArray();
        var wanted = all.Select(each => ((int)each!["partition"]!, (long)each["lastSequenceNumber"]!)).Where(each => call.Value(partition) is not { } only || each.Item1 == only).ToList();
        return wanted.Count > 0 ? new EventPositions(call.Value(from)!, wanted) : throw CliException.Usage($"--partition: the hub has the partitions 0 to {all.Count - 1}.");
    }

    private void Show(Call call, JsonNode each)
    {
        if (call.IsJson)
        {
            call.Terminal.Json(each, isIndented: false);
        }
        else
        {
            EventText.Write(call.Terminal, each, call.Value(properties), call.Value(annotations));
        }
    }

    private void Check(Call call)
    {
        if (call.Value(module) is not null && call.Value(device) is null)
        {
            throw CliException.Usage("--module needs --device.");
        }

        if (call.Value(max) is < 1 || call.Value(timeout) is < 1 or > 1_000_000)
        {
            throw CliException.Usage("--max and --timeout take a number of 1 or more.");
        }

        if (!Position().IsMatch(call.Value(from)!))
        {
            throw CliException.Usage("--from takes latest, earliest, time:2026-01-31T12:00:00Z, offset:N or sequence:N.");
        }

        if (PartitionPosition().IsMatch(call.Value(from)!) && call.Value(partition) is null)
        {
            throw CliException.Usage("--from offset:N and sequence:N need --partition.");
        }
    }

    [GeneratedRegex("^(latest|earliest|time:[0-9TZ:.+-]+|(offset|sequence):[0-9]+)$")]
    private static partial Regex Position();

    [GeneratedRegex("^(offset|sequence):")]
    private static partial Regex PartitionPosition();
}
