using Gatehouse.Contracts.Signals;
using Gatehouse.Streams.Log;
using Gatehouse.Streams.RocksDb;
using Gatehouse.Streams.Signals;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Streams;

/// <summary>Registers the embedded streams.</summary>
public static class StreamsRegistration
{
    /// <summary>Adds <see cref="IEventLogs"/> on RocksDB and <see cref="ISignals"/> in process. When the container is disposed, pending appends are committed first.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static IServiceCollection AddStreams(this IServiceCollection services, StreamsOptions options)
    {
        options.Log.Validate();
        services.AddMetrics();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StreamsMetrics>();
        services.TryAddSingleton<ISignals, InProcessSignals>();
        services.TryAddSingleton<IEventLogs>(provider => new EventLogs(
            new RocksDbBlockStore(options, provider.GetRequiredService<ILogger<RocksDbBlockStore>>()),
            options.Log,
            provider.GetRequiredService<StreamsMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EventLogs>>()));
        return services;
    }
}
