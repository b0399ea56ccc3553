using Gatehouse.Contracts.Signals;
using Xunit;

namespace Gatehouse.Streams.Suite;

public sealed class InProcessSignalTests : SignalSuite
{
    private readonly TempFolder folder = new();

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync()
    {
        folder.Dispose();
        return base.DisposeAsync();
    }

    private protected override LogHost Start() => RocksDbHost.Start(folder.Path);

    [Fact]
    public async Task Nobody_else_hears_and_the_implementation_says_so()
    {
        await using var host = Start();

        Assert.False(host.Get<ISignals>().ReachesOthers);
    }
}
