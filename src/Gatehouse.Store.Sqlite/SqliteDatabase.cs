using System.Data.Common;
using System.Reflection;
using DbUp;
using DbUp.Engine;
using DbUp.Engine.Output;
using DbUp.Sqlite.Helpers;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Signals;
using Gatehouse.Store.Migration;
using Microsoft.Data.Sqlite;

namespace Gatehouse.Store.Sqlite;

/// <summary>SQLite with a write-ahead log, synced at every commit: one writer at a time, any number of readers. Writers that wait for each other share a commit, and so its sync (decisions/0022).</summary>
public sealed class SqliteDatabase : Database
{
    private const int UniqueConstraint = 2067;
    private const int PrimaryKeyConstraint = 1555;

    private readonly string connectionString;
    private readonly string readConnectionString;
    private readonly string path;
    private readonly ISignals signals;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim writing = new(1, 1);
    private SqliteConnection? writer;
    private WriteGroup? open;
    private bool isClosed;
    private int waiting;
    private int disposed;

    public SqliteDatabase(SqliteOptions options, ISignals signals, TimeProvider time)
    {
        this.signals = signals;
        this.time = time;
        path = options.Path;
        var connection = new SqliteConnectionStringBuilder { DataSource = path, DefaultTimeout = (int)options.BusyTimeout.TotalSeconds };

        // To a read foreign keys mean nothing, and naming them costs a statement each time.
        readConnectionString = connection.ToString();
        connection.ForeignKeys = true;
        connectionString = connection.ToString();
    }

    public override SqlDialect Dialect { get; } = new SqliteDialect();

    public override async Task MigrateAsync(IReadOnlyList<Assembly> scripts, CancellationToken cancellationToken)
    {
        CreateOwnerOnly();
        var known = SchemaScripts.Find(scripts);
        await using var connection = await OpenAsync(cancellationToken);

        // The write lock from the first look at the journal to the end: another server that starts now waits, and finds the work done.
        await ExecuteAsync(connection, "BEGIN IMMEDIATE", cancellationToken);
        try
        {
            RunMissing(connection, await ReadJournalAsync(connection, cancellationToken), known);
            await ExecuteAsync(connection, "COMMIT", cancellationToken);
        }
        catch
        {
            await ExecuteAsync(connection, "ROLLBACK", CancellationToken.None);
            throw;
        }
    }

    public override async Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken, forWriting: false);

        // A statement runs on the caller's thread and does not look at the token: whoever cancels must interrupt it.
        await using var interrupt = cancellationToken.UnsafeRegister(static state => SQLitePCL.raw.sqlite3_interrupt(((SqliteConnection)state!).Handle), connection);
        try
        {
            return await read(connection, cancellationToken);
        }
        catch (SqliteException error) when (error.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Message, error, cancellationToken);
        }
    }

    public override async Task<Result<T>> WriteAsync<T>(Func<WriteTransaction, CancellationToken, Task<Result<T>>> write, CancellationToken cancellationToken)
    {
        using var scope = WriteScope.Enter(this);
        cancellationToken.ThrowIfCancellationRequested();
        WriteGroup? group = null;
        RelationalTransaction? work = null;
        Result<T> result;

        // Not to be cancelled: whoever leaves a group open counts on the next in line to end it.
        Interlocked.Increment(ref waiting);
        await writing.WaitAsync(CancellationToken.None);
        Interlocked.Decrement(ref waiting);
        try
        {
            ObjectDisposedException.ThrowIf(isClosed, this);
            cancellationToken.ThrowIfCancellationRequested();
            group = await JoinAsync(cancellationToken);
            work = new RelationalTransaction(writer!, group.Transaction, Dialect);
            result = await write(work, cancellationToken);
            if (result.IsOk)
            {
                await work.WriteAuditAsync(time.GetUtcNow(), CancellationToken.None);
                group.Keep();
            }
            else
            {
                group.Undo();
            }
        }
        catch (Exception error)
        {
            group?.Undo(error);
            throw;
        }
        finally
        {
            await EndAsync(Volatile.Read(ref waiting) == 0);
            writing.Release();
        }

        // A refusal waits as well: it may rest on what another wrote, which is not so before it is durable.
        await group.Committed;
        if (!result.IsOk)
        {
            return result;
        }

        scope.Dispose();
        await work.SendSignalsAsync(signals, CancellationToken.None);
        return result;
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await writing.WaitAsync();
        try
        {
            isClosed = true;
            await EndAsync(isLast: true);
            if (writer is not null)
            {
                await writer.DisposeAsync();
            }

            SqliteConnection.ClearPool(new SqliteConnection(connectionString));
            SqliteConnection.ClearPool(new SqliteConnection(readConnectionString));
        }
        finally
        {
            // Not disposed: who is still in line must get its turn, to hear that it comes too late.
            writing.Release();
        }
    }

    private void RunMissing(SqliteConnection connection, HashSet<string> journal, IReadOnlyList<SqlScript> known)
    {
        SchemaScripts.RefuseNewer(journal, known);
        if (known.All(script => journal.Contains(script.Name)))
        {
            return;
        }

        using var shared = new SharedConnection(connection);
        var result = DeployChanges.To.SqliteDatabase(shared).WithScripts(known).WithoutTransaction().WithVariablesDisabled().LogTo(new NoOpUpgradeLog()).Build().PerformUpgrade();
        if (!result.Successful)
        {
            throw new StoreException($"The store '{path}' could not be brought up to date at '{result.ErrorScript?.Name}': {result.Error.Message}", result.Error);
        }
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // All callers pass a literal.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<HashSet<string>> ReadJournalAsync(SqliteConnection connection, CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'SchemaVersions'";
        if (await command.ExecuteScalarAsync(cancellationToken) is null)
        {
            return names;
        }

        command.CommandText = "SELECT ScriptName FROM SchemaVersions";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    /// <summary>The group that the writer before left open, or a new one.</summary>
    private async Task<WriteGroup> JoinAsync(CancellationToken cancellationToken)
    {
        writer ??= await OpenAsync(cancellationToken);
        open ??= await WriteGroup.BeginAsync(writer, time, cancellationToken);
        open.Enter();
        return open;
    }

    /// <summary>Commits, unless another writer waits and may join: then it is its turn to do it.</summary>
    private async Task EndAsync(bool isLast)
    {
        if (open is { } group && (isLast || !group.HasRoom))
        {
            open = null;
            if (!await group.CommitAsync())
            {
                await DiscardWriterAsync();
            }
        }
    }

    /// <summary>After a failed commit nobody knows what state the connection is in: the next write gets a new one, and this one does not go back to the pool.</summary>
    private async Task DiscardWriterAsync()
    {
        var broken = writer!;
        writer = null;
        SqliteConnection.ClearPool(broken);
        try
        {
            await broken.DisposeAsync();
        }
        catch (Exception)
        {
            // Its transaction cannot be ended: the handle is closed when it is collected.
        }
    }

    private async Task<SqliteConnection> OpenAsync(CancellationToken cancellationToken, bool forWriting = true)
    {
        var connection = new SqliteConnection(forWriting ? connectionString : readConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);

            // FULL: a commit is on the disk when it returns, also when power fails. The journal mode is stored in the file, the other matters to a writer alone: a read pays for neither.
            if (forWriting)
            {
                await ExecuteAsync(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", cancellationToken);
            }

            return connection;
        }
        catch (SqliteException error)
        {
            await connection.DisposeAsync();
            throw new StoreException($"The store '{path}' cannot be opened: {error.Message}", error);
        }
    }

    private void CreateOwnerOnly()
    {
        if (OperatingSystem.IsWindows() || File.Exists(path))
        {
            return;
        }

        try
        {
            using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The store '{path}' cannot be made: {error.Message}", error);
        }
    }

    private sealed class SqliteDialect : SqlDialect
    {
        public override string Name => "sqlite";

        public override string ForUpdate => "";

        public override string Json(string parameter) => parameter;

        public override string AnyOf(string parameter) => $"IN {parameter}";

        public override string Hex(string bytes) => $"HEX({bytes})";

        public override bool IsUniqueViolation(DbException error) => error is SqliteException { SqliteExtendedErrorCode: UniqueConstraint or PrimaryKeyConstraint };
    }
}
