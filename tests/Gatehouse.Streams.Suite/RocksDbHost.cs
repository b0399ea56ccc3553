using Gatehouse.Streams.Log;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Streams.Suite;

/// <summary>Starts the embedded streams on a folder.</summary>
internal static class RocksDbHost
{
    internal static LogHost Start(string path, TimeProvider? time = null, LogOptions? options = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddStreams(new StreamsOptions { Directory = path, Log = options ?? new LogOptions(), WriteBufferBytes = 2 * 1024 * 1024 });
        return new LogHost(services.BuildServiceProvider());
    }
}
