using Gatehouse.Contracts.Identities;
using Gatehouse.Hub;
using Gatehouse.Hub.Hubs;
using Gatehouse.Keys;
using Gatehouse.Store;
using Gatehouse.Store.Postgres;
using Gatehouse.Store.Sqlite;
using Gatehouse.Streams;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Bench.Room;

/// <summary>The room without doors, on a store in a folder or on PostgreSQL.</summary>
internal sealed class Room : IAsyncDisposable
{
    private readonly ServiceProvider all;
    private readonly SecretVault vault;

    private Room(ServiceProvider all, SecretVault vault, HubName hub) => (this.all, this.vault, Hub) = (all, vault, hub);

    internal HubName Hub { get; }

    internal static async Task<Room> OpenAsync(string folder, string? postgres)
    {
        Directory.CreateDirectory(folder);
        var vault = SecretVault.Open(Path.Combine(folder, "keys"));
        var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddSingleton(vault).AddLogging().AddStore(new(), new());
        _ = postgres is null
            ? services.AddSqliteStore(new SqliteOptions { Path = Path.Combine(folder, "store.db") })
            : services.AddPostgresStore(new PostgresOptions { ConnectionString = postgres, MaxConnections = 10 });

        // One call for 1,000 devices: as an import job does it, not as a back end may.
        var options = new HubOptions { Registry = new() { MaxBulkItems = 1000 } };
        var all = services.AddStreams(new StreamsOptions { Directory = Path.Combine(folder, "streams") }).AddHub(options).BuildServiceProvider();
        await all.GetRequiredService<Database>().MigrateAsync([typeof(Database).Assembly, typeof(HubSetup).Assembly], default);
        return new Room(all, vault, (await all.GetRequiredService<HubStartup>().StartAsync(default)).Name);
    }

    internal T Get<T>()
        where T : notnull => all.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await all.DisposeAsync();
        vault.Dispose();
    }
}
