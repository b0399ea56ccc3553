using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Identity;

namespace Gatehouse.Bench.Identity;

/// <summary>
/// Whether the time of a refusal tells how much of a signature was right: tokens whose signature is wrong in its first byte against tokens that are wrong in the last one only,
/// taken in random order.
/// </summary>
/// <remarks>Welch's t-test over the times below the 90th percentile, as dudect does it (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?", 2017); beyond 4.5 the two can be told apart.</remarks>
internal sealed class SignatureTiming(Fleet fleet)
{
    private const double Distinct = 4.5;
    private const int Devices = 256;

    /// <returns>False when the place of the wrong byte shows.</returns>
    internal async Task<bool> RunAsync(int count)
    {
        var good = Enumerable.Range(0, Devices).Select(i => fleet.AddWithToken($"device-{i:D4}", isSecondary: true)).ToArray();
        DeviceLogin[][] classes = [[.. good.Select(login => Flip(login, 0))], [.. good.Select(login => Flip(login, 31))]];
        await TimeAsync(classes, count / 10); // compiled and warm
        var t = Welch(await TimeAsync(classes, count));
        var isFlat = Math.Abs(t) < Distinct;
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| wrong first byte against wrong last byte of the signature, {count:N0} refusals | t = {t:F2} | {(isFlat ? "cannot be told apart" : "CAN BE TOLD APART")} |"));
        return isFlat;
    }

    private static DeviceLogin Flip(DeviceLogin login, int place)
    {
        var parts = login.Token!.Split(["&sig=", "&se="], StringSplitOptions.None);
        var signature = Convert.FromBase64String(Uri.UnescapeDataString(parts[1]));
        signature[place] ^= 1;
        return Fleet.Login(login.Identity, parts[0]["SharedAccessSignature sr=".Length..], long.Parse(parts[2], CultureInfo.InvariantCulture), signature);
    }

    private async Task<List<double>[]> TimeAsync(DeviceLogin[][] classes, int count)
    {
        List<double>[] times = [new(count), new(count)];
        for (var i = 0; i < count; i++)
        {
            var (kind, device) = (RandomNumberGenerator.GetInt32(2), RandomNumberGenerator.GetInt32(Devices));
            var login = classes[kind][device];
            var started = Stopwatch.GetTimestamp();
            var verdict = await fleet.Authenticator.AuthenticateAsync(login, CancellationToken.None);
            times[kind].Add(Stopwatch.GetTimestamp() - started);
            if (verdict is not Verdict.Refused)
            {
                throw new InvalidOperationException("A wrong signature was accepted.");
            }
        }

        return times;
    }

    private static double Welch(List<double>[] times)
    {
        var all = times.SelectMany(static each => each).Order().ToArray();
        var limit = all[(int)(all.Length * 0.9)];
        var (first, second) = (Moments(times[0], limit), Moments(times[1], limit));
        return (first.Mean - second.Mean) / Math.Sqrt((first.Variance / first.Count) + (second.Variance / second.Count));
    }

    private static (double Mean, double Variance, int Count) Moments(List<double> times, double limit)
    {
        var kept = times.Where(time => time <= limit).ToArray();
        var mean = kept.Average();
        return (mean, kept.Sum(time => (time - mean) * (time - mean)) / (kept.Length - 1), kept.Length);
    }
}
