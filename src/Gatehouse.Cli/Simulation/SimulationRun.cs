using System.Diagnostics;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Simulation;

/// <summary>Connects the devices, lets each send at its own pace, and counts.</summary>
internal sealed class SimulationRun(SimulationPlan plan, HubAddress address, TrustedRoot root)
{
    // Connects at once: a fleet that wakes up together is the server's test, not this one's.
    private const int MaxConnecting = 32;

    private readonly Stopwatch clock = new();
    private int connected;
    private int acknowledged;
    private int failed;
    private string? firstProblem;

    internal int Connected => connected;

    internal int Acknowledged => acknowledged;

    /// <summary>Connects and messages that failed.</summary>
    internal int Failed => failed;

    /// <summary>The first thing that failed, in words.</summary>
    internal string? FirstProblem => firstProblem;

    internal TimeSpan Sending => clock.Elapsed;

    internal async Task RunAsync(IReadOnlyList<SimulatedDevice> devices, CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(devices, new ParallelOptions { MaxDegreeOfParallelism = MaxConnecting, CancellationToken = cancellationToken }, async (device, cancellation) =>
        {
            try
            {
                await device.ConnectAsync(address, root, cancellation);
                Interlocked.Increment(ref connected);
            }
            catch (CliException error)
            {
                Fail(error.Message);
            }
        });

        clock.Start();
        await Task.WhenAll(devices.Where(device => device.IsConnected).Select((device, index) => SendAsync(device, index, cancellationToken)));
        clock.Stop();
    }

    private async Task SendAsync(SimulatedDevice device, int index, CancellationToken cancellationToken)
    {
        // Spread over the interval, so that the load is even.
        var next = plan.Interval * ((double)index / plan.Count);
        for (var number = 0; plan.Messages is not { } most || number < most; number++)
        {
            await WaitUntilAsync(next, cancellationToken);
            if (plan.Duration is { } end && clock.Elapsed >= end)
            {
                return;
            }

            if (await device.SendAsync(plan.Size, cancellationToken) is { } problem)
            {
                Fail($"'{device.Id}': {problem}");
                if (!device.IsConnected)
                {
                    return;
                }
            }
            else
            {
                Interlocked.Increment(ref acknowledged);
            }

            next += plan.Interval;
        }
    }

    private async Task WaitUntilAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var wait = (plan.Duration is { } end && time > end ? end : time) - clock.Elapsed;
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, cancellationToken);
        }
    }

    private void Fail(string problem)
    {
        Interlocked.Increment(ref failed);
        Interlocked.CompareExchange(ref firstProblem, problem, null);
    }
}
