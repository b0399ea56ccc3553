using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Gatehouse.Bench.Registrations;

/// <summary>As many registrations as the server does, a bounded number at once: each is asked for and read back as assigned.</summary>
/// <param name="service">Where.</param>
/// <param name="fleet">Who.</param>
/// <param name="inFlight">Devices at once.</param>
/// <param name="isKept">Whether connections are kept; else each registration has one of its own, as devices do it, with a full handshake.</param>
internal sealed class SteadyLoad(Service service, Fleet fleet, int inFlight, bool isKept)
{
    /// <summary>Registrations before the figures: until the server's code is compiled for good.</summary>
    private const int WarmUp = 1_500;

    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(30);

    private ConcurrentBag<double> times = [];
    private int made;
    private int finished;

    internal async Task<string> RunAsync(TimeSpan time)
    {
        await RunForAsync(LongestWarmUp, WarmUp);
        times = [];
        var (cpu, started) = (service.CpuSeconds, Stopwatch.GetTimestamp());
        await RunForAsync(time, int.MaxValue);
        var (used, wall) = (service.CpuSeconds - cpu, Stopwatch.GetElapsedTime(started).TotalSeconds);
        var sorted = times.Order().ToList();
        return string.Create(CultureInfo.InvariantCulture,
            $$"""{"perSecond":{{sorted.Count / wall:0}},"cpuMicros":{{used * 1e6 / sorted.Count:0}},"perCore":{{sorted.Count / used:0}},"p50":{{sorted[sorted.Count / 2]:0.0}},"p99":{{sorted[(int)(sorted.Count * 0.99)]:0.0}},"residentMegabytes":{{service.ResidentMegabytes}}}""");
    }

    private Task RunForAsync(TimeSpan time, int most)
    {
        var started = Stopwatch.GetTimestamp();
        return Task.WhenAll(Enumerable.Range(0, inFlight).Select(worker => Task.Run(async () =>
        {
            HttpsConnection? kept = null;
            while (Stopwatch.GetElapsedTime(started) < time && Volatile.Read(ref finished) < most)
            {
                // A certificate belongs to a connection: on one that is kept, its device registers again.
                var isSame = fleet.IsReused || (isKept && fleet is CertificateFleet);
                var device = isSame ? worker : inFlight + Interlocked.Increment(ref made);
                var certificate = kept is null ? fleet.CertificateOf(device) : null;
                var begun = Stopwatch.GetTimestamp();
                var connection = kept ?? await HttpsConnection.OpenAsync(service, certificate, null);
                await RegisterAsync(connection, device);
                Interlocked.Increment(ref finished);
                times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
                if (isKept)
                {
                    kept = connection;
                }
                else
                {
                    await connection.DisposeAsync();
                }
            }

            if (kept is not null)
            {
                await kept.DisposeAsync();
            }
        })));
    }

    private async Task RegisterAsync(HttpsConnection connection, int device)
    {
        var (answer, authorization) = await fleet.RegisterAsync(service, connection, device);
        if (answer.Status != 202)
        {
            throw new InvalidOperationException($"{fleet.IdOf(device)}: {answer.Status} {answer.Body}");
        }

        var polled = await connection.SendAsync("GET", service.OperationPath(fleet.IdOf(device), Operation(answer)), authorization, null);
        if (!polled.Body.Contains("\"assigned\"", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{fleet.IdOf(device)}: {polled.Status} {polled.Body}");
        }
    }

    internal static string Operation(Answer answer)
    {
        using var document = JsonDocument.Parse(answer.Body);
        return document.RootElement.GetProperty("operationId").GetString()!;
    }
}
