using System.Data;
using System.Data.Common;
using System.Net.Sockets;
using System.Reflection;
using DbUp;
using DbUp.Engine.Output;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Signals;
using Gatehouse.Store.Migration;
using Npgsql;

namespace Gatehouse.Store.Postgres;

/// <summary>PostgreSQL 13 or newer; several nodes may share it.</summary>
public sealed class PostgresDatabase : Database
{
    /// <summary>Advisory lock under which schema scripts run: one node at a time. An arbitrary number, ours.</summary>
    private const long MigrationLock = 0x6761_7465_686f_7573;

    private readonly NpgsqlDataSource source;
    private readonly string connectionString;
    private readonly string shown;
    private readonly ISignals signals;
    private readonly TimeProvider time;

    public PostgresDatabase(PostgresOptions options, ISignals signals, TimeProvider time)
    {
        this.signals = signals;
        this.time = time;
        var settings = PostgresUrl.Parse(options.ConnectionString);
        settings.MaxPoolSize = options.MaxConnections;
        settings.ApplicationName = "gatehouse";
        settings.IncludeErrorDetail = false;
        shown = $"postgres://{settings.Host}:{settings.Port}/{settings.Database}";
        connectionString = settings.ToString();
        source = NpgsqlDataSource.Create(settings);
    }

    public override SqlDialect Dialect { get; } = new PostgresDialect();

    public override async Task MigrateAsync(IReadOnlyList<Assembly> scripts, CancellationToken cancellationToken)
    {
        var known = SchemaScripts.Find(scripts);
        await using var connection = await OpenAsync(cancellationToken);
        await ExecuteAsync(connection, "SELECT pg_advisory_lock(@key)", cancellationToken);
        try
        {
            var journal = await ReadJournalAsync(connection, cancellationToken);
            SchemaScripts.RefuseNewer(journal, known);
            if (known.All(script => journal.Contains(script.Name)))
            {
                return;
            }

            var result = DeployChanges.To.PostgresqlDatabase(connectionString).WithScripts(known).WithTransaction().WithVariablesDisabled().LogTo(new NoOpUpgradeLog()).Build().PerformUpgrade();
            if (!result.Successful)
            {
                throw new StoreException($"The store {shown} could not be brought up to date at '{result.ErrorScript?.Name}': {result.Error.Message}", result.Error);
            }
        }
        finally
        {
            await ExecuteAsync(connection, "SELECT pg_advisory_unlock(@key)", CancellationToken.None);
        }
    }

    public override async Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        return await read(connection, cancellationToken);
    }

    public override async Task<Result<T>> WriteAsync<T>(Func<WriteTransaction, CancellationToken, Task<Result<T>>> write, CancellationToken cancellationToken)
    {
        using var scope = WriteScope.Enter(this);
        await using var connection = await OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
        var work = new RelationalTransaction(connection, transaction, Dialect);
        var result = await write(work, cancellationToken);
        if (!result.IsOk)
        {
            await transaction.RollbackAsync(CancellationToken.None);
            return result;
        }

        await work.CommitAsync(time.GetUtcNow(), CancellationToken.None);
        scope.Dispose();
        await work.SendSignalsAsync(signals, CancellationToken.None);
        return result;
    }

    public override ValueTask DisposeAsync() => source.DisposeAsync();

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Both callers pass a literal.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        command.Parameters.AddWithValue("key", MigrationLock);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<HashSet<string>> ReadJournalAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        await using var exists = new NpgsqlCommand("SELECT to_regclass('schemaversions')::text", connection);
        if (await exists.ExecuteScalarAsync(cancellationToken) is not string)
        {
            return names;
        }

        await using var command = new NpgsqlCommand("SELECT scriptname FROM schemaversions", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await source.OpenConnectionAsync(cancellationToken);
        }
        catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException)
        {
            throw new StoreException($"The store {shown} cannot be reached: {error.Message}", error);
        }
    }

    private sealed class PostgresDialect : SqlDialect
    {
        public override string Name => "postgres";

        public override string ForUpdate => " FOR UPDATE";

        public override string Json(string parameter) => $"{parameter}::jsonb";

        public override string AnyOf(string parameter) => $"= ANY({parameter})";

        public override string Hex(string bytes) => $"UPPER(ENCODE({bytes}, 'hex'))";

        public override bool IsUniqueViolation(DbException error) => error is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };
    }
}
