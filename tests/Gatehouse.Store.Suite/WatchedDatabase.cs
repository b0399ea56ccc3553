using System.Data.Common;
using System.Reflection;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Store.Suite;

/// <summary>Lets something happen after each read.</summary>
internal sealed class WatchedDatabase(Database inner, Func<Task> afterRead) : Database
{
    public override SqlDialect Dialect => inner.Dialect;

    public override Task MigrateAsync(IReadOnlyList<Assembly> scripts, CancellationToken cancellationToken) => inner.MigrateAsync(scripts, cancellationToken);

    public override async Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var result = await inner.ReadAsync(read, cancellationToken);
        await afterRead();
        return result;
    }

    public override Task<Result<T>> WriteAsync<T>(Func<WriteTransaction, CancellationToken, Task<Result<T>>> write, CancellationToken cancellationToken) => inner.WriteAsync(write, cancellationToken);

    public override ValueTask DisposeAsync() => inner.DisposeAsync();
}
