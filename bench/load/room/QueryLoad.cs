using System.Diagnostics;
using System.Text.Json;
using Gatehouse.Hub.Queries;

namespace Gatehouse.Bench.Room;

/// <summary>Queries over a <see cref="Fleet"/>, one after the other.</summary>
internal sealed class QueryLoad(Room room)
{
    private const int Buildings = 10_000;

    /// <param name="scans">Those that read all twins, instead of those that an index leads.</param>
    internal async Task RunAsync(bool scans)
    {
        Console.WriteLine("| query | pages | rows of a page | p50 ms | p99 ms | CPU ms | allocated KB |\n|---|---|---|---|---|---|---|");
        await (scans ? ScanAsync() : LookUpAsync());
    }

    private async Task LookUpAsync()
    {
        await PointsAsync("SELECT * FROM devices WHERE tags.location.building = 'B…'", i => $"SELECT * FROM devices WHERE tags.location.building = 'B{i * 31 % Buildings}'", 100, 500);
        await PointsAsync("SELECT deviceId, properties.reported.battery … = 'B…'", i => $"SELECT deviceId, properties.reported.battery FROM devices WHERE tags.location.building = 'B{i * 31 % Buildings}'", 100, 500);
        await PointsAsync("SELECT * … building = 'B…' AND tags.kind = 'pump'", i => $"SELECT * FROM devices WHERE tags.location.building = 'B{i * 31 % Buildings}' AND tags.kind = 'pump'", 100, 300);
        await PointsAsync("SELECT * … building IN ['B…', 'B…']", i => $"SELECT * FROM devices WHERE tags.location.building IN ['B{i * 31 % Buildings}', 'B{i * 37 % Buildings}']", 100, 20);
        await PointsAsync("SELECT * … deviceId = '…'", i => $"SELECT * FROM devices WHERE deviceId = 'dev{i * 7919 % 100_000:0000000}'", 100, 500);
        await PointsAsync("SELECT COUNT() … building = 'B…'", i => $"SELECT COUNT() AS n FROM devices WHERE tags.location.building = 'B{i * 31 % Buildings}'", 100, 500);
        await WalkAsync("SELECT * FROM devices WHERE tags.location.region = 'eu-3'", 100, 200);
        await WalkAsync("SELECT deviceId, tags.location.floor FROM devices WHERE tags.location.region = 'eu-3'", 1000, 50);
        await WalkAsync("SELECT * FROM devices WHERE tags.location.region = 'eu-3' AND tags.kind = 'pump'", 100, 50);
        await WalkAsync("SELECT * FROM devices", 100, 200);
        await WalkAsync("SELECT deviceId FROM devices", 1000, 200);
        await WalkAsync("SELECT * FROM devices WHERE properties.reported.battery < 5", 100, 50);
        await WalkAsync("SELECT COUNT() AS n FROM devices", 100, 3);
        await WalkAsync("SELECT COUNT() AS n FROM devices WHERE tags.location.region = 'eu-3'", 100, 10);
        await WalkAsync("SELECT tags.kind, COUNT() AS n FROM devices WHERE tags.location.region = 'eu-3' GROUP BY tags.kind", 100, 3);
    }

    private async Task ScanAsync()
    {
        await WalkAsync("SELECT * FROM devices WHERE connectionState = 'Connected'", 100, 2);
        await WalkAsync("SELECT * FROM devices WHERE properties.reported.battery = 1000", 100, 2);
        await WalkAsync("SELECT * FROM devices WHERE starts_with(tags.serial, 'XX')", 100, 2);
        await WalkAsync("SELECT COUNT() AS n FROM devices WHERE properties.reported.battery < 5", 100, 2);
        await WalkAsync("SELECT tags.kind, COUNT() AS n FROM devices GROUP BY tags.kind", 100, 2);
        await WalkAsync("SELECT tags.kind, AVG(properties.reported.battery) AS b FROM devices GROUP BY tags.kind", 100, 2);
    }

    /// <summary>First pages of queries of one kind.</summary>
    private async Task PointsAsync(string title, Func<int, string> query, int items, int pages)
    {
        var run = new Run(room, title, items);
        for (var i = 0; i < pages / 5; i++)
        {
            await run.AskAsync(query(i + 100_003), null);
        }

        run.Begin();
        for (var i = 0; i < pages; i++)
        {
            await run.AskAsync(query(i), null);
        }

        run.Show();
    }

    /// <summary>The pages of one query, from the first on; from the first again when there are no more.</summary>
    private async Task WalkAsync(string query, int items, int pages)
    {
        var run = new Run(room, query, items);
        var continuation = await run.AskAsync(query, null);
        run.Begin();
        for (var i = 0; i < pages; i++)
        {
            continuation = await run.AskAsync(query, continuation);
        }

        run.Show();
    }

    private sealed class Run(Room room, string title, int items)
    {
        private readonly List<double> times = [];
        private Figures figures = new();
        private long rows;
        private string? refused;

        internal void Begin()
        {
            times.Clear();
            rows = 0;
            figures = new Figures();
        }

        internal async Task<string?> AskAsync(string query, string? continuation)
        {
            var begun = Stopwatch.GetTimestamp();
            var page = await room.Get<Queries>().RunAsync(room.Hub, query, items, continuation, default);
            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            if (!page.IsOk)
            {
                refused = page.Error.Message;
                return null;
            }

            using var json = JsonDocument.Parse(page.Value.Json);
            rows += json.RootElement.GetArrayLength();
            return page.Value.Continuation;
        }

        internal void Show()
        {
            var (cpu, allocated) = (figures.Cpu, figures.Allocated);
            var sorted = times.Order().ToArray();
            Console.WriteLine($"| `{title}` | {sorted.Length} | {rows / sorted.Length} | {Figures.Of(sorted, 0.5):0.0} | {Figures.Of(sorted, 0.99):0.0} | {cpu.TotalMilliseconds / sorted.Length:0.0} | {allocated / sorted.Length / 1024} | {refused}");
        }
    }
}
