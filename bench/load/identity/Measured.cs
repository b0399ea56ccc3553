using System.Diagnostics;
using System.Globalization;
using Gatehouse.Identity;

namespace Gatehouse.Bench.Identity;

/// <summary>One row: logins judged in turn on one thread, and the processor time of the whole process for each.</summary>
internal static class Measured
{
    internal static async Task RowAsync(string what, DeviceAuthenticator authenticator, IReadOnlyList<DeviceLogin> logins, bool isGood, TimeSpan time)
    {
        await JudgeAsync(authenticator, logins, isGood, TimeSpan.FromSeconds(1)); // compiled and warm
        var (allocated, cpu) = (GC.GetTotalAllocatedBytes(), Cpu());
        var count = await JudgeAsync(authenticator, logins, isGood, time);
        var used = Cpu() - cpu;
        await Console.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {count / used.TotalSeconds:N0} | {used.TotalMicroseconds / count:N2} | {(GC.GetTotalAllocatedBytes() - allocated) / count:N0} |"));
    }

    private static async Task<long> JudgeAsync(DeviceAuthenticator authenticator, IReadOnlyList<DeviceLogin> logins, bool isGood, TimeSpan time)
    {
        var (count, started) = (0L, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(started) < time)
        {
            foreach (var login in logins)
            {
                var verdict = await authenticator.AuthenticateAsync(login, CancellationToken.None);
                if (verdict is Verdict.Accepted != isGood)
                {
                    throw new InvalidOperationException($"{login} was judged otherwise than it should be: {verdict}");
                }
            }

            count += logins.Count;
        }

        return count;
    }

    private static TimeSpan Cpu()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
