using Gatehouse.Contracts.Credentials;
using Gatehouse.Transport.Amqp.Cbs;
using Gatehouse.Transport.Amqp.Sasl;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Amqp;

/// <summary>How the server takes the AMQP engine in: AddAmqp, doors as <see cref="IAmqpDoor"/>, then <see cref="AmqpHandler"/> at the front door.</summary>
public static class AmqpSetup
{
    /// <summary>Needs an <see cref="IPeerProofSource"/> (AddIdentity).</summary>
    public static IServiceCollection AddAmqp(this IServiceCollection services, AmqpOptions options)
    {
        services.AddMetrics();
        services.TryAddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<AmqpMetrics>();
        services.TryAddSingleton(static all => new AmqpHandler(new AmqpParts
        {
            Options = all.GetRequiredService<AmqpOptions>(),
            Doors = [new CbsDoor(), .. all.GetServices<IAmqpDoor>()],
            Proofs = all.GetRequiredService<IPeerProofSource>(),
            Realm = all.GetService<ISaslRealm>(),
            Metrics = all.GetRequiredService<AmqpMetrics>(),
            Time = all.GetRequiredService<TimeProvider>(),
            Log = all.GetRequiredService<ILoggerFactory>().CreateLogger("Gatehouse.Transport.Amqp"),
        }));
        return services;
    }
}
