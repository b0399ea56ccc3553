using System.Diagnostics;

namespace Gatehouse.Bench.Room;

/// <summary>What this process used since it was made.</summary>
internal sealed class Figures
{
    private readonly TimeSpan cpu = Now();
    private readonly long allocated = GC.GetTotalAllocatedBytes();
    private readonly long started = Stopwatch.GetTimestamp();

    internal TimeSpan Wall => Stopwatch.GetElapsedTime(started);

    internal TimeSpan Cpu => Now() - cpu;

    internal long Allocated => GC.GetTotalAllocatedBytes() - allocated;

    internal static long ResidentMegabytes
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.WorkingSet64 >> 20;
        }
    }

    /// <summary>A share of sorted times: 0.5 is the median.</summary>
    internal static double Of(double[] sorted, double share) => sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];

    private static TimeSpan Now()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
