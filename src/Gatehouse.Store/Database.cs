using System.Data.Common;
using System.Reflection;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Signals;

namespace Gatehouse.Store;

/// <summary>The relational waist: SQLite embedded or PostgreSQL. Rooms write their SQL (parameters only) against it.</summary>
public abstract class Database : IAsyncDisposable
{
    /// <summary>Where the two databases differ.</summary>
    public abstract SqlDialect Dialect { get; }

    /// <summary>Runs the numbered, forward-only scripts that are embedded in these assemblies and not yet journalled, under a lock.</summary>
    public abstract Task MigrateAsync(IReadOnlyList<Assembly> scripts, CancellationToken cancellationToken);

    /// <summary>Reads on a pooled connection.</summary>
    public abstract Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken);

    /// <summary>Writes in one transaction, durable when the task completes; an error result or an exception rolls back. Others wait for it, so it must be short. Audit records go into the same transaction; signals leave after the commit.</summary>
    public abstract Task<Result<T>> WriteAsync<T>(Func<WriteTransaction, CancellationToken, Task<Result<T>>> write, CancellationToken cancellationToken);

    /// <summary>Deletes what may be very much: a thousand rows in a transaction, so that others get their turn, until one finds fewer. How many went.</summary>
    /// <param name="delete">Deletes at most so many rows; how many.</param>
    /// <param name="cancellationToken">Ends it after a batch; what went until then is gone.</param>
    public async Task<int> DeleteInBatchesAsync(Func<WriteTransaction, int, CancellationToken, Task<int>> delete, CancellationToken cancellationToken)
    {
        const int MaxRows = 1_000;
        var count = 0;
        for (var gone = MaxRows; gone == MaxRows; count += gone)
        {
            gone = (await WriteAsync<int>(async (write, cancel) => await delete(write, MaxRows, cancel), cancellationToken)).Value;
        }

        return count;
    }

    public abstract ValueTask DisposeAsync();
}

/// <summary>A transaction in progress.</summary>
public abstract class WriteTransaction
{
    public abstract DbConnection Connection { get; }

    /// <summary>To be passed to every command of this transaction.</summary>
    public abstract DbTransaction Transaction { get; }

    /// <summary>Adds a record to the hash-chained audit log, in this transaction.</summary>
    public abstract void Audit(AuditRecord auditRecord);

    /// <summary>Sends a signal once the transaction is durable.</summary>
    public abstract void Signal(Signal signal);

    /// <summary>Runs once the transaction is durable, before its signals leave; must be quick and must not throw.</summary>
    public abstract void AfterCommit(Action action);
}

/// <summary>The seam between the two SQL dialects.</summary>
public abstract class SqlDialect
{
    /// <summary><c>sqlite</c> or <c>postgres</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Suffix that locks selected rows until the end of the transaction: <c> FOR UPDATE</c>, or empty where one writer is the rule.</summary>
    public abstract string ForUpdate { get; }

    /// <summary>A parameter that holds JSON text, as the value of a <c>JSONB</c> column: PostgreSQL wants the type named, SQLite keeps the text.</summary>
    public abstract string Json(string parameter);

    /// <summary>Condition that the value before it is one of an array parameter (an array in the parameters, too).</summary>
    public abstract string AnyOf(string parameter);

    /// <summary>Bytes (of a column, say) as hexadecimal text in capitals.</summary>
    public abstract string Hex(string bytes);

    /// <summary>Whether the error is a violated unique or primary key.</summary>
    public abstract bool IsUniqueViolation(DbException error);
}
