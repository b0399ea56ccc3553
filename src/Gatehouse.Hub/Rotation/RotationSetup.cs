using Gatehouse.Hub.Registry;
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
        services.TryAddSingleton(static all => new Rotations(
            all.GetRequiredService<Database>(), all.GetRequiredService<RotationKinds>().OnlyOf(hubs: true), all.GetRequiredService<GenerationIds>(), all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IRotationPlans>(static all => new ForeignRotations(new Rotations(
            all.GetRequiredService<Database>(), all.GetRequiredService<RotationKinds>().OnlyOf(hubs: false), all.GetRequiredService<GenerationIds>(), all.GetRequiredService<TimeProvider>())));
        services.TryAddSingleton<RotationRunner>();
        services.AddHostedService(static all => all.GetRequiredService<RotationRunner>());
    }
}
