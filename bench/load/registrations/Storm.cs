using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;

namespace Gatehouse.Bench.Registrations;

/// <summary>All devices power up at once, each with a connection and an address of its own; who is turned away waits as it is told, or as clients do, and asks again.</summary>
internal sealed class Storm(Service service, Fleet fleet, int count)
{
    /// <summary>How long a client waits whose connection was refused, at first; twice as long each time, up to the last.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastPause = TimeSpan.FromSeconds(10);

    private readonly double[] assigned = new double[count];
    private readonly double[] accepted = new double[count];
    private readonly double[] asked = new double[count];
    private readonly int[] throttled = new int[count];
    private readonly int[] refused = new int[count];

    internal async Task<string> RunAsync()
    {
        // Made before: a device has its certificate when it powers up.
        var certificates = Enumerable.Range(0, count).Select(fleet.CertificateOf).ToList();
        var (cpu, started) = (service.CpuSeconds, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, count).Select(device => Task.Run(() => RegisterAsync(device, certificates[device], started))));
        var (used, wall) = (service.CpuSeconds - cpu, Stopwatch.GetElapsedTime(started).TotalSeconds);
        var sorted = assigned.Order().ToList();
        return string.Create(CultureInfo.InvariantCulture,
            $$"""{"seconds":{{wall:0.0}},"perSecond":{{count / wall:0}},"cpuMicros":{{used * 1e6 / count:0}},"first":{{sorted[0]:0.0}},"p50":{{sorted[count / 2]:0.0}},"p99":{{sorted[(int)(count * 0.99)]:0.0}},"longest":{{sorted[^1]:0.0}},"longestInLine":{{accepted.Zip(asked, (end, begin) => end - begin).Max():0.0}},"throttledMean":{{throttled.Average():0.00}},"throttledMost":{{throttled.Max()}},"refusedMean":{{refused.Average():0.00}},"refusedMost":{{refused.Max()}},"residentMegabytes":{{service.ResidentMegabytes}}}""");
    }

    private async Task RegisterAsync(int device, System.Net.Security.SslStreamCertificateContext? certificate, long started)
    {
        // An address for every 50 devices, as behind routers.
        var from = new IPAddress([127, 1, (byte)(device / 50 / 250), (byte)(1 + (device / 50 % 250))]);
        for (var pause = FirstPause; ; pause = pause * 2 < LastPause ? pause * 2 : LastPause)
        {
            try
            {
                await using var connection = await HttpsConnection.OpenAsync(service, certificate, from);
                await RegisterAsync(connection, device, started);
                assigned[device] = Stopwatch.GetElapsedTime(started).TotalSeconds;
                return;
            }
            catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException or System.Security.Authentication.AuthenticationException)
            {
                refused[device]++;
                await Task.Delay(pause * (RandomNumberGenerator.GetInt32(500, 1_500) / 1_000.0));
            }
        }
    }

    private async Task RegisterAsync(HttpsConnection connection, int device, long started)
    {
        while (true)
        {
            asked[device] = Stopwatch.GetElapsedTime(started).TotalSeconds;
            var (answer, authorization) = await fleet.RegisterAsync(service, connection, device);
            if (answer.Status == 202)
            {
                accepted[device] = Stopwatch.GetElapsedTime(started).TotalSeconds;
                await PollAsync(connection, device, SteadyLoad.Operation(answer), authorization, answer.RetryAfter);
                return;
            }

            if (answer.Status != 429)
            {
                throw new InvalidOperationException($"{fleet.IdOf(device)}: {answer.Status} {answer.Body}");
            }

            throttled[device]++;
            await Task.Delay(answer.RetryAfter);
        }
    }

    private async Task PollAsync(HttpsConnection connection, int device, string operation, string? authorization, TimeSpan pause)
    {
        while (true)
        {
            await Task.Delay(pause);
            var polled = await connection.SendAsync("GET", service.OperationPath(fleet.IdOf(device), operation), authorization, null);
            if (polled.Body.Contains("\"assigned\"", StringComparison.Ordinal))
            {
                return;
            }

            pause = polled.Status is 202 or 429 ? polled.RetryAfter : throw new InvalidOperationException($"{fleet.IdOf(device)}: {polled.Status} {polled.Body}");
        }
    }
}
