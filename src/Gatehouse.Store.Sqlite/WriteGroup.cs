using System.Data;
using Microsoft.Data.Sqlite;

namespace Gatehouse.Store.Sqlite;

/// <summary>Writes that share a commit. Each has a savepoint of its own, so that one that fails leaves the others as they are. Used under the writer's lock only, but for <see cref="Committed"/>.</summary>
internal sealed class WriteGroup
{
    /// <summary>Writes of one commit: enough to share its sync, few enough that the first does not wait long.</summary>
    private const int MaxWrites = 64;

    /// <summary>A group that is older takes nobody in.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(10);

    private readonly TaskCompletionSource committed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SqliteConnection connection;
    private readonly TimeProvider time;
    private readonly long begun;
    private int kept;
    private bool isSaved;
    private Exception? lost;

    private WriteGroup(SqliteConnection connection, SqliteTransaction transaction, TimeProvider time)
    {
        (this.connection, Transaction, this.time) = (connection, transaction, time);
        begun = time.GetTimestamp();
    }

    internal SqliteTransaction Transaction { get; }

    /// <summary>Completes when all of it is durable, or fails for all.</summary>
    internal Task Committed => committed.Task;

    /// <summary>Whether another write may join. None joins where the first has failed: that one had no savepoint, and its end takes all back.</summary>
    internal bool HasRoom => lost is null && kept is > 0 and < MaxWrites && time.GetElapsedTime(begun) < MaxAge;

    internal static async Task<WriteGroup> BeginAsync(SqliteConnection connection, TimeProvider time, CancellationToken cancellationToken) =>

        // Serializable is BEGIN IMMEDIATE here: the write lock is taken at once, so no reader's snapshot can turn stale under a later write.
        new(connection, (SqliteTransaction)await connection.BeginTransactionAsync(IsolationLevel.Serializable, cancellationToken), time);

    /// <summary>Begins a write. The first needs no savepoint: if it fails there is nothing else to lose.</summary>
    internal void Enter()
    {
        isSaved = kept > 0;
        if (isSaved)
        {
            Execute("SAVEPOINT w");
        }
    }

    internal void Keep()
    {
        if (isSaved)
        {
            Execute("RELEASE w");
        }

        kept++;
    }

    /// <summary>Takes back what the write did. Some errors (a full disk) end the whole transaction: then all that share it have failed.</summary>
    internal void Undo(Exception? error = null)
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) != 0)
        {
            // To the others that error means nothing, or the wrong thing: that they were cancelled, for one.
            lost = new StoreException("The database ended the transaction of a write that shared the commit.", error);
            return;
        }

        try
        {
            if (isSaved)
            {
                Execute("ROLLBACK TO w");
                Execute("RELEASE w");
            }
        }
        catch (SqliteException failed)
        {
            // What it wrote cannot be told from what the others wrote.
            lost = failed;
        }
    }

    /// <summary>Never throws: who shares the commit hears of it. False when it failed; then nothing of the group stands.</summary>
    internal async Task<bool> CommitAsync()
    {
        try
        {
            if (lost is null && kept > 0)
            {
                await Transaction.CommitAsync(CancellationToken.None);
            }
        }
        catch (Exception error)
        {
            lost = error;
        }

        try
        {
            // Rolls back what is not committed. Without it the connection would begin no other transaction.
            await Transaction.DisposeAsync();
        }
        catch (Exception error)
        {
            lost ??= error;
        }

        if (lost is { } reason)
        {
            committed.TrySetException(reason);
            _ = committed.Task.Exception; // Seen, also when nobody is left to see it.
            return false;
        }

        committed.TrySetResult();
        return true;
    }

    private void Execute(string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // All callers pass a literal.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Transaction = Transaction;
        command.ExecuteNonQuery();
    }
}
