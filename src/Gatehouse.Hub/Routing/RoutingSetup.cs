using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Hub.Routing;

/// <summary>Takes message routing into the room.</summary>
internal static class RoutingSetup
{
    internal static IServiceCollection AddMessageRouting(this IServiceCollection services, HubOptions options)
    {
        services.TryAddSingleton(options.Routing);
        services.TryAddSingleton<EndpointSeal>();
        services.TryAddSingleton(all => new RoutingDefinitions(all.GetRequiredService<Database>(), all.GetRequiredService<EndpointSeal>(), options.Routing, options.Sinks));
        services.TryAddSingleton(all => new RouteTests(all.GetRequiredService<RoutingDefinitions>(), options.Routing, options.Telemetry, all.GetRequiredService<TimeProvider>()));
        return services;
    }
}
