using Gatehouse.Contracts.Errors;
using Xunit;

namespace Gatehouse.Store.Suite;

/// <summary>What every suite of the store stands on: one database per test.</summary>
public abstract class StoreSuite(StoreHost host) : IAsyncLifetime
{
    private protected StoreHost Host { get; } = host;

    private protected Database Database => Host.Database;

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync() => await Host.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected static Task<Result<int>> Ok() => Task.FromResult<Result<int>>(1);
}
