using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Signals;
using Gatehouse.Identity.Peers;
using Gatehouse.Keys;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity;

/// <summary>How the server takes this engine in.</summary>
public static class IdentitySetup
{
    /// <summary>Registers the two authenticators, the proofs of AMQP connections and the back-off.
    /// Needs an <see cref="ICredentialSource"/>, the <see cref="IRevocations"/> and a <see cref="SecretVault"/>; the proofs also <see cref="ISignals"/> and an <see cref="IRefusalLog"/>.</summary>
    public static IServiceCollection AddIdentity(this IServiceCollection services, IdentityOptions options)
    {
        services.AddMetrics();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(options);
        services.TryAddSingleton<IdentityMetrics>();
        services.TryAddSingleton(static p => new RefusalBackoff(p.GetRequiredService<IdentityOptions>().Backoff, p.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static p => new DeviceAuthenticator(Parts(p)));
        services.TryAddSingleton(static p => new PolicyAuthenticator(Parts(p)));
        services.TryAddSingleton<IPeerProofSource>(static p => new PeerProofSource(Parts(p), p.GetRequiredService<ISignals>(), p.GetRequiredService<IRefusalLog>()));
        return services;
    }

    private static IdentityParts Parts(IServiceProvider provider) =>
        new(provider.GetRequiredService<ICredentialSource>(), provider.GetRequiredService<SecretVault>(), provider.GetRequiredService<TimeProvider>())
        {
            Options = provider.GetRequiredService<IdentityOptions>(),
            Revocations = provider.GetRequiredService<IRevocations>(),
            StrictnessChanges = provider.GetService<IStrictnessChanges>(),
            Uses = provider.GetService<ICredentialUses>(),
            Backoff = provider.GetRequiredService<RefusalBackoff>(),
            Metrics = provider.GetRequiredService<IdentityMetrics>(),
            Log = provider.GetRequiredService<ILoggerFactory>().CreateLogger("Gatehouse.Identity"),
        };
}
