using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Bench.Room;

/// <summary>Devices with twins, each a little different: 100 in a building, a tenth of a kind, a twentieth of a region, serial numbers of their own.</summary>
internal sealed class Fleet(Room room)
{
    internal const int Chunk = 1000;
    internal const int DevicesPerBuilding = 100;

    private static readonly string[] Kinds = ["pump", "valve", "meter", "fan", "lamp", "lock", "camera", "gate", "boiler", "sensor"];

    internal async Task LoadAsync(int count)
    {
        if (count == 0)
        {
            return; // the schema alone, for copy-fleet
        }

        var figures = new Figures();
        for (var first = 0; first < count; first += Chunk)
        {
            await RegisterAsync(first, Math.Min(Chunk, count - first));
            if (first % 100_000 == 0)
            {
                await Console.Error.WriteLineAsync($"{first} registered after {figures.Wall.TotalSeconds:0} s");
            }
        }

        Console.WriteLine($"| register {count} devices with tags and desired properties, 1,000 in a transaction | {figures.Wall.TotalSeconds:0} s | {count / figures.Wall.TotalSeconds:0}/s, CPU {figures.Cpu.TotalMicroseconds / count:0} µs each |");
        figures = new Figures();
        for (var first = 0; first < count; first += 2 * Chunk)
        {
            await Task.WhenAll(Enumerable.Range(first, Math.Min(2 * Chunk, count - first)).Select(ReportAsync));
        }

        Console.WriteLine($"| reported properties of each | {figures.Wall.TotalSeconds:0} s | {count / figures.Wall.TotalSeconds:0}/s, CPU {figures.Cpu.TotalMicroseconds / count:0} µs each |");
    }

    private async Task RegisterAsync(int first, int count)
    {
        var items = Enumerable.Range(first, count).Select(i => new BulkItem(new IdentityInput { Key = KeyOf(i) }, ImportMode.CreateOrUpdate, null, new BulkTwin(Encoding.UTF8.GetBytes(TwinOf(i)), null)));
        var result = await room.Get<BulkRegistry>().RunAsync(room.Hub, "bench", [.. items], default);
        if (!result.IsOk || result.Value.Count > 0)
        {
            throw new InvalidOperationException(result.Error?.Message ?? result.Value[0].Error.Message);
        }
    }

    private async Task ReportAsync(int i)
    {
        var report = Encoding.UTF8.GetBytes($$"""{"battery":{{i * 7 % 101}},"temperature":{{i % 40}}.5,"firmware":{"version":"1.{{i % 7}}.{{i % 11}}","slot":"b"},"interval":60}""");
        var result = await room.Get<Twins>().ReportAsync(room.Hub, KeyOf(i), null, report, null, default);
        if (!result.IsOk)
        {
            throw new InvalidOperationException(result.Error.Message);
        }
    }

    private static IdentityKey KeyOf(int i) => new(DeviceId.Parse($"dev{i:0000000}"));

    // Neighbours by id are not neighbours by tag: a page of one building is spread over the whole table.
    private static string TwinOf(int i)
    {
        var building = i * 7919L % 10_000;
        return $$"""{"tags":{"location":{"building":"B{{building}}","floor":{{i % 30}},"region":"eu-{{building % 20}}"},"kind":"{{Kinds[i / 20 % 10]}}","serial":"SN-{{i:00000000}}"},"properties":{"desired":{"interval":60,"mode":"eco","thresholds":{"high":80,"low":-5} } } }""";
    }
}
