using Gatehouse.Streams.Log;
using Gatehouse.Streams.Nats;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Streams.Suite;

/// <summary>Starts the streams of one node on a NATS server.</summary>
internal static class NatsHost
{
    internal static LogHost Start(string url, TimeProvider? time = null, LogOptions? options = null, Func<NatsStreamsOptions, NatsStreamsOptions>? change = null)
    {
        var nats = new NatsStreamsOptions { Url = url, Log = options ?? new LogOptions() };
        var services = new ServiceCollection();
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddNatsStreams(change?.Invoke(nats) ?? nats);
        return new LogHost(services.BuildServiceProvider());
    }
}
