using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Rotation.Fleets;
using Gatehouse.Hub.Rotation.Rules;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Hub.Rotation;

internal static class RotationSetup
{
    internal static void AddRotation(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRotationKind, PolicyKeyRotation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRotationKind, CaRotation>());
        services.TryAddSingleton(static all => RotationKinds.Of(all.GetServices<IRotationKind>(), all.GetServices<IRotatedKeys>()));
        services.TryAddSingleton<IdentityKeyRenewal>();
        services.TryAddSingleton<FleetGathering>();
        services.TryAddSingleton<FleetPlans>();
        services.TryAddSingleton<FleetSteps>();
        services.TryAddSingleton<FleetLook>();
        services.TryAddSingleton(static all => new FleetKeys(all.GetRequiredService<Database>(), all.GetRequiredService<IdentityViews>()));
        services.TryAddSingleton<FleetBeginning>();
        services.TryAddSingleton(static all => Make(all, hubs: true));
        services.TryAddSingleton<IRotationPlans>(static all => new ForeignRotations(Make(all, hubs: false)));
        services.AddRotationRules();
        services.TryAddSingleton<EngineParts>();
        services.TryAddSingleton<RotationRunner>();
        services.AddHostedService(static all => all.GetRequiredService<RotationRunner>());
    }

    private static void AddRotationRules(this IServiceCollection services)
    {
        services.TryAddSingleton<DeviceKeyAges>();
        services.TryAddSingleton<PolicyKeyAges>();
        services.TryAddSingleton<RuleMetrics>();
        services.TryAddSingleton<DeviceRule>();
        services.TryAddSingleton(static all => new AgedKinds([all.GetRequiredService<DeviceKeyAges>(), all.GetRequiredService<PolicyKeyAges>(), .. all.GetServices<IRotatedKeys>().OfType<IAgedKeys>()]));
        services.TryAddSingleton(static all => new RuleParts(
            all.GetRequiredService<Database>(), all.GetRequiredService<AgedKinds>(), all.GetRequiredService<Rotations>(), Make(all, hubs: false), all.GetRequiredService<DeviceRule>(), all.GetRequiredService<RuleMetrics>()));
        services.TryAddSingleton(static all => MakeRules(all, hubs: true));
        services.TryAddSingleton<IRotationRules>(static all => MakeRules(all, hubs: false));
    }

    private static RotationRules MakeRules(IServiceProvider all, bool hubs) => new(
        all.GetRequiredService<Database>(),
        all.GetRequiredService<AgedKinds>(),
        all.GetRequiredService<RotationKinds>().OnlyOf(hubs),
        hubs,
        all.GetRequiredService<TimeProvider>());

    // Only hubs have devices.
    private static Rotations Make(IServiceProvider all, bool hubs) => new(
        all.GetRequiredService<Database>(),
        all.GetRequiredService<RotationKinds>().OnlyOf(hubs),
        hubs ? all.GetRequiredService<FleetPlans>() : null,
        all.GetRequiredService<GenerationIds>(),
        all.GetRequiredService<TimeProvider>());
}
