using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Routing.DeadLetters;
using Gatehouse.Hub.Routing.Outbox;
using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Routing;

/// <summary>Takes message routing into the room.</summary>
internal static class RoutingSetup
{
    internal static IServiceCollection AddMessageRouting(this IServiceCollection services, HubOptions options)
    {
        options.Routing.Validate();
        options.Sinks.Validate();
        services.TryAddSingleton(options.Routing);
        services.TryAddSingleton<EndpointSeal>();
        services.TryAddSingleton(all => new RoutingDefinitions(all.GetRequiredService<Database>(), all.GetRequiredService<EndpointSeal>(), options.Routing, options.Sinks));
        services.TryAddSingleton(all => new RouteTests(all.GetRequiredService<RoutingDefinitions>(), options.Routing, options.Telemetry, all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new HubIntakes(
            all.GetRequiredService<HubLogs>(), all.GetRequiredService<RoutingDefinitions>(), all.GetRequiredService<Database>(), all.GetRequiredService<ISignals>(), all.GetRequiredService<ILogger<HubIntakes>>()));
        services.TryAddSingleton<RoutingMetrics>();
        services.TryAddSingleton(all => new EventOutbox(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<HubIntakes>(),
            options.Routing,
            all.GetRequiredService<RoutingMetrics>(),
            all.GetRequiredService<TimeProvider>(),
            all.GetRequiredService<ILogger<EventOutbox>>()));
        services.TryAddSingleton(all => new EndpointSinks(all.GetRequiredService<EndpointSeal>(), options.Sinks, all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new RoutingParts(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<HubLogs>(),
            all.GetRequiredService<Twins.Twins>(),
            all.GetRequiredService<EndpointSinks>(),
            new DeliveryMemory(options.Sinks.MaxMemoryBytes),
            all.GetRequiredService<ISignals>(),
            options.Routing,
            all.GetRequiredService<RoutingMetrics>(),
            all.GetRequiredService<TimeProvider>(),
            all.GetRequiredService<ILogger<MessageRouter>>()));
        services.TryAddSingleton(all => new MessageRouter(all.GetRequiredService<HubIntakes>(), all.GetRequiredService<HubDirectory>(), all.GetRequiredService<RoutingParts>()));
        services.AddHostedService(all => all.GetRequiredService<MessageRouter>());
        services.TryAddSingleton(all => new DeadLetterOffice(
            all.GetRequiredService<Database>(), all.GetRequiredService<RoutingDefinitions>(), all.GetRequiredService<HubLogs>(), all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new RoutingReports(all.GetRequiredService<MessageRouter>()));
        return services;
    }
}
