using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Rotation.Fleets;
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
        services.TryAddSingleton(static all => Make(all, hubs: true));
        services.TryAddSingleton<IRotationPlans>(static all => new ForeignRotations(Make(all, hubs: false)));
        services.TryAddSingleton<RotationRunner>();
        services.AddHostedService(static all => all.GetRequiredService<RotationRunner>());
    }

    // Only hubs have devices.
    private static Rotations Make(IServiceProvider all, bool hubs) => new(
        all.GetRequiredService<Database>(),
        all.GetRequiredService<RotationKinds>().OnlyOf(hubs),
        hubs ? all.GetRequiredService<FleetPlans>() : null,
        all.GetRequiredService<GenerationIds>(),
        all.GetRequiredService<TimeProvider>());
}
