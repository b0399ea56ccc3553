using System.Data.Common;
using System.Reflection;
using Gatehouse.Contracts.Errors;
using Gatehouse.Store;

namespace Gatehouse.Hub.Tests;

/// <summary>A store that is away for some calls.</summary>
internal sealed class AwayDatabase(Database inner) : Database
{
    private int reads;
    private int writes;
    private int answers;

    public override SqlDialect Dialect => inner.Dialect;

    public override Task MigrateAsync(IReadOnlyList<Assembly> scripts, CancellationToken cancellationToken) => inner.MigrateAsync(scripts, cancellationToken);

    public override async Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        Count(ref reads);
        return await inner.ReadAsync(read, cancellationToken);
    }

    public override async Task<Result<T>> WriteAsync<T>(Func<WriteTransaction, CancellationToken, Task<Result<T>>> write, CancellationToken cancellationToken)
    {
        Count(ref writes);
        var result = await inner.WriteAsync(write, cancellationToken);
        Count(ref answers);
        return result;
    }

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>So many of the next reads fail.</summary>
    internal void FailReads(int count) => Volatile.Write(ref reads, count);

    /// <summary>So many of the next writes fail.</summary>
    internal void FailWrites(int count) => Volatile.Write(ref writes, count);

    /// <summary>So many of the next writes are done, and fail for who waits for them.</summary>
    internal void LoseAnswers(int count) => Volatile.Write(ref answers, count);

    private static void Count(ref int left)
    {
        if (Interlocked.Decrement(ref left) >= 0)
        {
            throw new StoreException("The store cannot be reached.");
        }
    }
}
