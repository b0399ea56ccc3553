using Gatehouse.Gateway.Mqtt;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Gateway;

/// <summary>How the server takes the device plane in: AddGateway, then <see cref="MqttHandler"/> at the front door.</summary>
public static class GatewaySetup
{
    /// <summary>Needs AddHub, AddIdentity and AddTransport.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<MqttHandler>();
        return services;
    }
}
