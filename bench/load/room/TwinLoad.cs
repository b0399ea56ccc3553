using System.Diagnostics;
using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Bench.Room;

/// <summary>Every device keeps so many patches of 10 properties (some 200 B) under way.</summary>
internal sealed class TwinLoad(Room room, int devices, int inFlight)
{
    private readonly IdentityKey[] keys = [.. Enumerable.Range(0, devices).Select(i => new IdentityKey(DeviceId.Parse($"dev{i}")))];

    internal async Task RunAsync(TimeSpan time)
    {
        foreach (var chunk in keys.Chunk(1000))
        {
            await room.Get<BulkRegistry>().RunAsync(room.Hub, "bench", [.. chunk.Select(key => new BulkItem(new IdentityInput { Key = key }, ImportMode.CreateOrUpdate, null))], default);
        }

        await ReportAsync(TimeSpan.FromSeconds(2));
        var figures = new Figures();
        var late = await ReportAsync(time);
        var (cpu, allocated, count) = (figures.Cpu, figures.Allocated, late.Length);
        Array.Sort(late);
        Console.WriteLine(
            $"| {devices} × {inFlight} | {count / time.TotalSeconds:0} | {cpu.TotalMicroseconds / count:0.0} | {count / cpu.TotalSeconds:0} | {Figures.Of(late, 0.5):0.0} | {Figures.Of(late, 0.99):0.0} | {allocated / count} | {Figures.ResidentMegabytes} |");
    }

    private async Task<double[]> ReportAsync(TimeSpan time)
    {
        var twins = room.Get<Twins>();
        var end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var done = await Task.WhenAll(Enumerable.Range(0, devices * inFlight).Select(i => Task.Run(async () =>
        {
            var times = new List<double>();
            for (var n = 0; Stopwatch.GetTimestamp() < end; n++)
            {
                var patch = Encoding.UTF8.GetBytes($$"""{"temperature":{{n % 50}}.5,"humidity":{{n % 100}},"state":"running","firmware":{"version":"1.4.{{n % 9}}","slot":"b"},"uptime":{{n}},"errors":0,"voltage":3.{{n % 10}},"network":{"rssi":-6{{n % 10}},"name":"plant-7"} }""");
                var begun = Stopwatch.GetTimestamp();
                var result = await twins.ReportAsync(room.Hub, keys[i % devices], null, patch, null, default);
                if (!result.IsOk)
                {
                    throw new InvalidOperationException(result.Error.Message);
                }

                times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            return times;
        })));
        return [.. done.SelectMany(times => times)];
    }
}
