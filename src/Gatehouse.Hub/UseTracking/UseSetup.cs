using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Provisioning;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Hub.UseTracking;

internal static class UseSetup
{
    internal static void AddUseTracking(this IServiceCollection services, UseOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton<UseRecorder>();
        services.TryAddSingleton<ICredentialUses>(static all => all.GetRequiredService<UseRecorder>());
        services.TryAddSingleton<UseWriter>();
        services.AddHostedService(static all => all.GetRequiredService<UseWriter>());
        services.TryAddSingleton<LiveUseCount>();
        services.TryAddSingleton<LiveMarks>();
        services.TryAddSingleton<CredentialUsage>();
        services.TryAddSingleton<Radar>();
        services.TryAddSingleton<IDeviceKeyUses, DeviceKeyUses>();
    }
}
