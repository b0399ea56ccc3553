using Gatehouse.Streams.Log;

namespace Gatehouse.Streams.Suite;

public sealed class RocksDbEventLogTests : EventLogSuite
{
    private readonly TempFolder folder = new();

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private protected override LogHost Start(LogOptions? options = null) => RocksDbHost.Start(folder.Path, Time, options);
}
