using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.Simulation;

/// <summary><c>simulate</c>: devices that are registered, connect, send, and are deleted again.</summary>
internal sealed class Simulate(Shell shell)
{
    private const int MostDevices = 10_000;
    private const int DefaultMessages = 10;

    // Time to tidy up after Ctrl+C.
    private static readonly TimeSpan CleanUp = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

    private readonly Option<int> count = new("--count", "-n") { Description = $"Devices; 1–{MostDevices}, default 10.", HelpName = "number", DefaultValueFactory = _ => 10 };
    private readonly Option<int?> messages = new("--messages") { Description = $"Messages of each device; default {DefaultMessages}, or no end with --duration.", HelpName = "number" };
    private readonly Option<double?> duration = new("--duration") { Description = "Stop sending after so many seconds.", HelpName = "seconds" };
    private readonly Option<double> interval = new("--interval") { Description = "Seconds between two messages of a device; default 1, 0 for as fast as acknowledged.", HelpName = "seconds", DefaultValueFactory = _ => 1 };
    private readonly Option<int> size = new("--size") { Description = $"Bytes of each body; {SimulatedBody.MinSize}–{SimulatedBody.MaxSize}, default 256.", HelpName = "bytes", DefaultValueFactory = _ => 256 };
    private readonly Option<string?> prefix = new("--prefix") { Description = "Ids are this and a number; default sim- and something new each time.", HelpName = "text" };
    private readonly Option<bool> keep = new("--keep") { Description = "Leave the devices in the registry afterwards." };

    internal Command Command => shell.Command(
        "simulate",
        "Runs simulated devices over MQTT and TLS; registers them before and deletes them after.",
        ["gatehouse simulate", "gatehouse simulate --count 100 --duration 60 --interval 0.5", "gatehouse simulate --count 3 --prefix demo- --keep"],
        [count, messages, duration, interval, size, prefix, keep],
        RunAsync);

    private async Task<int> RunAsync(Call call)
    {
        var plan = Plan(call);
        var root = TrustedRoot.Load(call.Hub.Address.CaFile);
        var fleet = new SimulatedFleet(call.Hub);
        var run = new SimulationRun(plan, call.Hub.Address, root);
        CliException? problem = null;
        try
        {
            call.Terminal.Progress($"registering {plan.Count} devices…");
            await fleet.RegisterAsync(plan, call.Cancellation);
            await WatchAsync(call, plan, run, run.RunAsync(fleet.Devices, call.Cancellation));
        }
        catch (OperationCanceledException) when (call.Cancellation.IsCancellationRequested)
        {
            call.Terminal.Note("note: stopped; tidying up.");
        }
        catch (CliException error)
        {
            problem = error;
        }

        var left = await TidyUpAsync(call, fleet);
        if (problem is not null)
        {
            throw problem;
        }

        return Summary(call, run, left);
    }

    private static async Task WatchAsync(Call call, SimulationPlan plan, SimulationRun run, Task running)
    {
        while (await Task.WhenAny(running, Task.Delay(ProgressInterval, call.Cancellation)) != running && !call.Cancellation.IsCancellationRequested)
        {
            call.Terminal.Progress($"{run.Connected} of {plan.Count} connected, {run.Acknowledged} messages acknowledged, {run.Failed} failed");
        }

        call.Terminal.EndProgress();
        await running;
    }

    private async Task<int> TidyUpAsync(Call call, SimulatedFleet fleet)
    {
        using var patience = new CancellationTokenSource(CleanUp);
        await Task.WhenAll(fleet.Devices.Select(device => device.DisconnectAsync(patience.Token)));
        var left = call.Value(keep) ? 0 : await fleet.DeleteAsync(patience.Token);
        foreach (var device in fleet.Devices)
        {
            device.Dispose();
        }

        return left;
    }

    private static int Summary(Call call, SimulationRun run, int left)
    {
        var rate = run.Sending > TimeSpan.Zero ? run.Acknowledged / run.Sending.TotalSeconds : 0;
        var isStopped = call.Cancellation.IsCancellationRequested;
        var answer = new JsonObject
        {
            ["connected"] = run.Connected, ["acknowledged"] = run.Acknowledged, ["failed"] = run.Failed, ["seconds"] = Math.Round(run.Sending.TotalSeconds, 3),
            ["messagesPerSecond"] = Math.Round(rate, 1), ["firstProblem"] = run.FirstProblem, ["isStopped"] = isStopped, ["leftBehind"] = left,
        };
        call.Answer(answer, terminal =>
        {
            terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{run.Connected} devices connected; {run.Acknowledged} messages acknowledged in {run.Sending.TotalSeconds:0.0} s ({rate:0.0}/s); {run.Failed} failures."));
            if (run.FirstProblem is { } first)
            {
                terminal.Line($"The first failure: {first}");
            }
        });
        if (left > 0)
        {
            call.Terminal.Note($"note: {left} simulated devices could not be deleted; 'gatehouse device list' shows them.");
        }

        return run.Failed == 0 && left == 0 && !isStopped ? ExitCode.Ok : ExitCode.Refused;
    }

    private SimulationPlan Plan(Call call)
    {
        var name = call.Value(prefix) ?? $"sim-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3))}-";
        var plan = new SimulationPlan
        {
            Count = InRange("--count", call.Value(count), 1, MostDevices),
            Messages = call.Value(messages) is { } each ? InRange("--messages", each, 1, int.MaxValue) : call.Value(duration) is null ? DefaultMessages : null,
            Duration = call.Value(duration) is { } seconds ? TimeSpan.FromSeconds(InRange("--duration", seconds, 0.1, 1_000_000)) : null,
            Interval = TimeSpan.FromSeconds(InRange("--interval", call.Value(interval), 0, 86_400)),
            Size = InRange("--size", call.Value(size), SimulatedBody.MinSize, SimulatedBody.MaxSize),
            Prefix = name,
        };
        return DeviceId.TryParse($"{name}{plan.Count}", out _) ? plan : throw CliException.Usage("--prefix: its characters or its length do not make device ids (1–128 of letters, digits and - . + % _ # * ? ! ( ) , : = @ $ ' ;).");
    }

    private static T InRange<T>(string option, T value, T least, T most)
        where T : IComparable<T> => value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0
        ? value
        : throw CliException.Usage(string.Create(CultureInfo.InvariantCulture, $"{option}: {least} to {most} is allowed, not {value}."));
}
