using System.Reflection;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Keys;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Sqlite;
using Gatehouse.Store.Suite;
using Gatehouse.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Hub.Tests;

/// <summary>The room with its engines as the server composes them, on a data folder of its own.</summary>
internal sealed class HubHost : IAsyncDisposable
{
    internal const string Actor = "policy:iothubowner";

    private static readonly Assembly[] Scripts = [typeof(Database).Assembly, typeof(HubSetup).Assembly];

    private readonly SecretVault vault;
    private readonly ServiceProvider services;

    private HubHost(HubOptions options, Func<ISignals, TimeProvider, Database>? postgres)
    {
        vault = SecretVault.Open(Path.Combine(Folder, "keys"));
        var all = new ServiceCollection().AddSingleton<TimeProvider>(Time).AddSingleton(vault).AddLogging().AddStore(new(), new());
        _ = postgres is null
            ? all.AddSqliteStore(new SqliteOptions { Path = Path.Combine(Folder, "store.db") })
            : all.AddSingleton(services => postgres(services.GetRequiredService<ISignals>(), Time));
        services = all.AddStreams(new StreamsOptions { Directory = Path.Combine(Folder, "streams") }).AddHub(options).BuildServiceProvider();
    }

    internal string Folder { get; } = Directory.CreateTempSubdirectory("gatehouse-hub-").FullName;

    internal FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 24, 8, 0, 0, TimeSpan.Zero));

    internal HubName Hub { get; } = HubName.Parse("gatehouse");

    internal IdentityRegistry Registry => Get<IdentityRegistry>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal static async Task<HubHost> StartAsync(HubOptions? options = null, PostgresServer? server = null)
    {
        var host = new HubHost(options ?? new HubOptions(), server is null ? null : await server.LendAsync(Scripts));
        if (server is null)
        {
            await SqliteTemplates.CopyAsync(Path.Combine(host.Folder, "store.db"), Scripts);
        }

        await host.Get<Database>().MigrateAsync(Scripts, Token);
        await host.Get<HubStartup>().StartAsync(Token);
        return host;
    }

    internal T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    internal static IdentityKey Key(string text) => IdentityKey.TryParse(text, out var key) ? key : throw new ArgumentException(text);

    internal Task<Result<RegisteredIdentity>> PutAsync(string key, IfMatch? ifMatch = null, Func<IdentityInput, IdentityInput>? change = null)
    {
        var input = new IdentityInput { Key = Key(key) };
        return Registry.PutAsync(Hub, Actor, change?.Invoke(input) ?? input, ifMatch ?? IfMatch.Absent, Token);
    }

    internal Task<Result<RegisteredIdentity>> FindAsync(string key) => Registry.GetAsync(Hub, Key(key), Token);

    internal Task<Result<bool>> DeleteAsync(string key, IfMatch ifMatch) => Registry.DeleteAsync(Hub, Actor, Key(key), ifMatch, Token);

    internal Task<Result<IReadOnlyList<BulkItemError>>> BulkAsync(params (string Key, ImportMode Mode, string? ETag)[] items) => Get<BulkRegistry>().RunAsync(
        Hub, Actor, [.. items.Select(item => new BulkItem(new IdentityInput { Key = Key(item.Key), KeepsCredentials = true }, item.Mode, item.ETag))], Token);

    /// <summary>Actions and subjects of this actor's audit records, oldest first.</summary>
    internal async Task<IReadOnlyList<string>> AuditedAsync() =>
        [.. (await Get<AuditLog>().ReadAsync(Hub.Value, 0, 1000, Token)).Where(entry => entry.Fields.Actor == Actor).Select(entry => $"{entry.Fields.Action} {entry.Fields.Subject}")];

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        vault.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
