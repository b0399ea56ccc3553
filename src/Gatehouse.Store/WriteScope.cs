namespace Gatehouse.Store;

/// <summary>Marks a flow of calls as being inside a write. A second write of the same flow would wait for the first for ever, and not be part of it: that is a bug of the caller, said at once.</summary>
public sealed class WriteScope : IDisposable
{
    private static readonly AsyncLocal<WriteScope?> Current = new();

    private readonly Database database;
    private readonly WriteScope? outer;
    private volatile bool hasEnded;

    private WriteScope(Database database, WriteScope? outer) => (this.database, this.outer) = (database, outer);

    /// <summary>To be disposed when the transaction has ended: what was started within it may write from then on.</summary>
    /// <exception cref="InvalidOperationException">This flow is inside a write of the same database.</exception>
    public static WriteScope Enter(Database database)
    {
        for (var scope = Current.Value; scope is not null; scope = scope.outer)
        {
            if (!scope.hasEnded && scope.database == database)
            {
                throw new InvalidOperationException("A write was begun inside a write: do both in one transaction.");
            }
        }

        return Current.Value = new WriteScope(database, Current.Value is { hasEnded: false } open ? open : null);
    }

    public void Dispose() => hasEnded = true;
}
