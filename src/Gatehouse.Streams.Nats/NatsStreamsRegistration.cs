using Gatehouse.Contracts.Signals;
using Gatehouse.Streams.Log;
using Gatehouse.Streams.Nats.Log;
using Gatehouse.Streams.Nats.Signals;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Streams.Nats;

/// <summary>Registers streams on NATS.</summary>
public static class NatsStreamsRegistration
{
    /// <summary>Adds <see cref="IEventLogs"/> on JetStream and <see cref="ISignals"/> over NATS. The connection is made when the first log is opened.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static IServiceCollection AddNatsStreams(this IServiceCollection services, NatsStreamsOptions options)
    {
        options.Log.Validate();
        NatsAddress.Parse(options.Url);
        if (options.Replicas is not (1 or 3 or 5))
        {
            throw new ArgumentException($"Replicas is {options.Replicas}; allowed: 1, 3 or 5.");
        }

        services.AddMetrics();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StreamsMetrics>();
        services.TryAddSingleton(provider => new NatsLink(options, provider.GetRequiredService<ILogger<NatsLink>>()));
        services.TryAddSingleton<ISignals, NatsSignals>();
        services.TryAddSingleton<IEventLogs>(provider => new EventLogs(
            new NatsBlockStore(provider.GetRequiredService<NatsLink>(), provider.GetRequiredService<ILogger<NatsBlockStore>>()),
            options.Log,
            provider.GetRequiredService<StreamsMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EventLogs>>()));
        return services;
    }
}
