using Gatehouse.Streams.Log;

namespace Gatehouse.Streams.Suite;

public sealed class NatsEventLogTests : EventLogSuite
{
    private NatsServer? server;

    public override async ValueTask InitializeAsync() => server = await NatsServer.StartAsync();

    public override ValueTask DisposeAsync() => server!.DisposeAsync();

    private protected override LogHost Start(LogOptions? options = null) => NatsHost.Start(server!.Url, Time, options);
}
