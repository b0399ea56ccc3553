using Gatehouse.Contracts.Provisioning;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Hub.Provisioning;

internal static class ProvisioningSetup
{
    internal static IServiceCollection AddDeviceRegistrar(this IServiceCollection services)
    {
        services.TryAddSingleton<IDeviceRegistrar, DeviceRegistrar>();
        services.TryAddSingleton<IDeviceKeyRolls, DeviceKeyRolls>();
        return services;
    }
}
