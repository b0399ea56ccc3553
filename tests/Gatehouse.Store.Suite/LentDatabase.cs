using System.Data.Common;
using System.Reflection;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Store.Suite;

/// <summary>A database of the <see cref="PostgresServer"/> for one test, which finds it as the scripts left it. Whoever disposes of it gives it back; what is called later fails.</summary>
public sealed class LentDatabase : Database
{
    private readonly StandingDatabase standing;
    private readonly TaskCompletionSource isQuiet = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int calls = 1; // the loan itself
    private int isOver;

    internal LentDatabase(StandingDatabase standing) => this.standing = standing;

    public override SqlDialect Dialect => standing.Inner.Dialect;

    public override async Task MigrateAsync(IReadOnlyList<Assembly> scripts, CancellationToken cancellationToken)
    {
        Begin();
        try
        {
            await standing.Inner.MigrateAsync(scripts, cancellationToken);
        }
        finally
        {
            End();
        }
    }

    public override async Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        Begin();
        try
        {
            return await standing.Inner.ReadAsync(read, cancellationToken);
        }
        finally
        {
            End();
        }
    }

    public override async Task<Result<T>> WriteAsync<T>(Func<WriteTransaction, CancellationToken, Task<Result<T>>> write, CancellationToken cancellationToken)
    {
        Begin();
        try
        {
            return await standing.Inner.WriteAsync(write, cancellationToken);
        }
        finally
        {
            End();
        }
    }

    /// <summary>Waits for calls that are under way: nothing of this test is to come after it.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isOver, 1) == 0)
        {
            End();
            await standing.TakeBackAsync(isQuiet.Task);
        }
    }

    private void Begin()
    {
        Interlocked.Increment(ref calls);
        if (Volatile.Read(ref isOver) == 1)
        {
            End();
            throw new ObjectDisposedException(nameof(LentDatabase));
        }
    }

    private void End()
    {
        if (Interlocked.Decrement(ref calls) == 0)
        {
            isQuiet.TrySetResult();
        }
    }
}
