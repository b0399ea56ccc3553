using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Configurations;

/// <summary>The parts of this feature.</summary>
internal static class ConfigurationSetup
{
    internal static void AddConfigurations(this IServiceCollection services, HubOptions options)
    {
        services.TryAddSingleton(options.Configurations);
        services.TryAddSingleton<ConfigurationSets>();
        services.TryAddSingleton(all => new DeployedModules(all.GetRequiredService<RegistryTransactions>(), all.GetRequiredService<ModuleWriter>(), all.GetRequiredService<ILogger<DeployedModules>>()));
        services.TryAddSingleton(all => new ConfigurationApplier(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<ConfigurationSets>(),
            all.GetRequiredService<TwinWriter>(),
            all.GetRequiredService<DeployedModules>(),
            options.Twins,
            all.GetRequiredService<ILogger<ConfigurationApplier>>()));
        services.TryAddSingleton<PendingTwins>();
        services.TryAddSingleton<ConfigurationSweeps>();
        services.TryAddSingleton<ConfigurationMetrics>();
        services.TryAddSingleton(all => new Configurations(
            all.GetRequiredService<Database>(), all.GetRequiredService<ConfigurationMetrics>(), options.Twins, options.Configurations, all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new ContentApplication(
            all.GetRequiredService<Database>(), all.GetRequiredService<TwinWriter>(), all.GetRequiredService<DeployedModules>(), options.Twins, options.Configurations));
        services.TryAddSingleton(all => new ConfigurationRunner(new ConfigurationParts(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<HubDirectory>(),
            all.GetRequiredService<ISignals>(),
            all.GetRequiredService<ConfigurationSets>(),
            all.GetRequiredService<PendingTwins>(),
            all.GetRequiredService<ConfigurationApplier>(),
            all.GetRequiredService<ConfigurationSweeps>(),
            all.GetRequiredService<ConfigurationMetrics>(),
            options.Configurations,
            all.GetRequiredService<TimeProvider>(),
            all.GetRequiredService<ILogger<ConfigurationRunner>>())));
        services.AddHostedService(all => all.GetRequiredService<ConfigurationRunner>());
    }
}
