using System.Reflection;
using Dapper;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Store.Suite;

/// <summary>A database of its own for one test; each <see cref="Open"/> is another server on it.</summary>
public abstract class StoreHost : IAsyncDisposable
{
    private readonly List<Database> opened = [];
    private Database? first;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 24, 8, 0, 0, TimeSpan.Zero));

    public RecordingSignals Signals { get; } = new();

    internal static IReadOnlyList<Assembly> Scripts => [typeof(Database).Assembly];

    /// <summary>The first server's.</summary>
    public Database Database => first!;

    /// <summary>Makes the database, with its schema unless told otherwise.</summary>
    public async Task StartAsync(bool migrate = true)
    {
        await CreateAsync();
        first = Open();
        if (migrate)
        {
            await first.MigrateAsync(Scripts, TestContext.Current.CancellationToken);
        }
    }

    public Database Open()
    {
        var database = Connect();
        opened.Add(database);
        return database;
    }

    /// <summary>Runs SQL behind the store's back, as whoever holds the database can.</summary>
    public Task TamperAsync(string sql) => Database.WriteAsync<int>(
        async (write, _) => await write.Connection.ExecuteAsync(sql, transaction: write.Transaction), TestContext.Current.CancellationToken);

    public Task<long> CountAsync(string from) => ScalarAsync($"SELECT COUNT(*) FROM {from}");

    public Task<long> ScalarAsync(string sql) => Database.ReadAsync((connection, _) => connection.ExecuteScalarAsync<long>(sql), TestContext.Current.CancellationToken);

    public Task<Result<int>> RecordAsync(params string[] subjects) => Database.WriteAsync<int>(
        (write, _) =>
        {
            foreach (var subject in subjects)
            {
                write.Audit(new AuditRecord { Hub = "hub", Actor = "policy:iothubowner", Action = "device.create", Subject = subject, Detail = """{"a":1}""" });
            }

            return Task.FromResult<Result<int>>(subjects.Length);
        },
        TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var database in opened)
        {
            await database.DisposeAsync();
        }

        await DropAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract Task CreateAsync();

    protected abstract Database Connect();

    protected abstract ValueTask DropAsync();
}
