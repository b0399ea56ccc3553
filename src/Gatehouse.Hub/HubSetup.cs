using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Credentials;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Keys;
using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Hub;

/// <summary>How the server takes this room in: AddHub, then (after the schema) <see cref="HubStartup.StartAsync"/>.</summary>
public static class HubSetup
{
    /// <summary>Needs a Database, a SecretVault and ISignals.</summary>
    public static IServiceCollection AddHub(this IServiceCollection services, HubOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GenerationIds>();
        services.TryAddSingleton<HubDirectory>();
        services.TryAddSingleton<HubStartup>();
        services.TryAddSingleton(all => new BuiltInPolicies(all.GetRequiredService<SecretVault>(), all.GetRequiredService<GenerationIds>(), all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<ITrustAnchorSource, NoTrustAnchors>();
        services.TryAddSingleton(all => new CredentialSource(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<HubDirectory>(),
            all.GetRequiredService<ITrustAnchorSource>(),
            all.GetRequiredService<ISignals>(),
            options.Credentials,
            all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<ICredentialSource>(all => all.GetRequiredService<CredentialSource>());
        return services;
    }
}
