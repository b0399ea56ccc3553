using System.Diagnostics;
using System.Globalization;

namespace Gatehouse.Bench.Door;

/// <summary>What the server used since this was made; from /proc, so that what this program takes does not count.</summary>
internal sealed class Measured(Settings settings)
{
    private const double TicksPerSecond = 100;

    private readonly double cpu = CpuSeconds(settings.ServerProcess);
    private readonly long started = Stopwatch.GetTimestamp();

    internal string ToJson(List<double> milliseconds)
    {
        var (wall, used) = (Stopwatch.GetElapsedTime(started).TotalSeconds, CpuSeconds(settings.ServerProcess) - cpu);
        if (milliseconds.Count == 0)
        {
            throw new InvalidOperationException("nothing was answered");
        }

        milliseconds.Sort();
        return string.Create(CultureInfo.InvariantCulture,
            $$"""{"count":{{milliseconds.Count}},"perSecond":{{milliseconds.Count / wall:0}},"cpuMicros":{{used * 1e6 / milliseconds.Count:0.0}},"cpuPercent":{{used / wall * 100:0}},"p50":{{At(0.5):0.00}},"p99":{{At(0.99):0.00}},"residentMegabytes":{{ResidentMegabytes()}}}""");
        double At(double share) => milliseconds[Math.Min(milliseconds.Count - 1, (int)(milliseconds.Count * share))];
    }

    private static double CpuSeconds(int process)
    {
        var text = File.ReadAllText($"/proc/{process}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private long ResidentMegabytes()
    {
        using var process = Process.GetProcessById(settings.ServerProcess);
        return process.WorkingSet64 >> 20;
    }
}
