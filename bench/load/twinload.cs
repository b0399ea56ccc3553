#!/usr/bin/env dotnet
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
#:project ../../src/Gatehouse.Hub/Gatehouse.Hub.csproj
#:project ../../src/Gatehouse.Store.Sqlite/Gatehouse.Store.Sqlite.csproj
#:project ../../src/Gatehouse.Store.Postgres/Gatehouse.Store.Postgres.csproj

using System.Diagnostics;
using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Gatehouse.Keys;
using Gatehouse.Store;
using Gatehouse.Store.Postgres;
using Gatehouse.Store.Sqlite;
using Gatehouse.Streams;
using Microsoft.Extensions.DependencyInjection;

// Arguments: devices, patches in flight of each, seconds, PostgreSQL address (without: SQLite).
var (devices, inFlight, seconds) = (int.Parse(args[0]), int.Parse(args[1]), int.Parse(args[2]));
var folder = Directory.CreateTempSubdirectory("gatehouse-twinload-").FullName;
using var vault = SecretVault.Open(Path.Combine(folder, "keys"));
var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddSingleton(vault).AddLogging().AddStore(new(), new());
_ = args.Length > 3
    ? services.AddPostgresStore(new PostgresOptions { ConnectionString = args[3], MaxConnections = 10 })
    : services.AddSqliteStore(new SqliteOptions { Path = Path.Combine(folder, "store.db") });
await using var all = services.AddStreams(new StreamsOptions { Directory = Path.Combine(folder, "streams") }).AddHub(new HubOptions()).BuildServiceProvider();
await all.GetRequiredService<Database>().MigrateAsync([typeof(Database).Assembly, typeof(HubSetup).Assembly], default);
var hub = (await all.GetRequiredService<HubStartup>().StartAsync(default)).Name;
var bulk = all.GetRequiredService<BulkRegistry>();
var keys = Enumerable.Range(0, devices).Select(i => new IdentityKey(DeviceId.Parse($"dev{i}"))).ToArray();
foreach (var chunk in keys.Chunk(100))
{
    await bulk.RunAsync(hub, "bench", [.. chunk.Select(key => new BulkItem(new IdentityInput { Key = key }, ImportMode.CreateOrUpdate, null))], default);
}

var twins = all.GetRequiredService<Twins>();
await RunAsync(TimeSpan.FromSeconds(2));
var (cpu, memory) = (Process.GetCurrentProcess().TotalProcessorTime, GC.GetTotalAllocatedBytes());
var (count, late) = await RunAsync(TimeSpan.FromSeconds(seconds));
var spent = Process.GetCurrentProcess().TotalProcessorTime - cpu;
Array.Sort(late);
Console.WriteLine(
    $"| {devices} × {inFlight} | {count / seconds} | {spent.TotalMicroseconds / count:0.0} | {(long)(count / spent.TotalSeconds)} | {late[late.Length / 2]:0.0} | {late[late.Length * 99 / 100]:0.0} | {(GC.GetTotalAllocatedBytes() - memory) / count} | {Process.GetCurrentProcess().WorkingSet64 >> 20} |");
Directory.Delete(folder, recursive: true);

// Every device keeps so many patches of 10 properties (some 200 B) under way.
async Task<(long Count, double[] Milliseconds)> RunAsync(TimeSpan time)
{
    var end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
    var done = await Task.WhenAll(Enumerable.Range(0, devices * inFlight).Select(i => Task.Run(async () =>
    {
        var times = new List<double>();
        for (var n = 0; Stopwatch.GetTimestamp() < end; n++)
        {
            var patch = Encoding.UTF8.GetBytes($$"""{"temperature":{{n % 50}}.5,"humidity":{{n % 100}},"state":"running","firmware":{"version":"1.4.{{n % 9}}","slot":"b"},"uptime":{{n}},"errors":0,"voltage":3.{{n % 10}},"network":{"rssi":-6{{n % 10}},"name":"plant-7"} }""");
            var begun = Stopwatch.GetTimestamp();
            var result = await twins.ReportAsync(hub, keys[i % devices], null, patch, null, default);
            if (!result.IsOk)
            {
                throw new InvalidOperationException(result.Error.Message);
            }

            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        return times;
    })));
    var late = done.SelectMany(times => times).ToArray();
    return (late.Length, late);
}
