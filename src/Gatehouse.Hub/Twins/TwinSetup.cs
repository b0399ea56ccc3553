using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Routing.Outbox;
using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Twins;

/// <summary>The parts of this feature.</summary>
internal static class TwinSetup
{
    internal static void Add(IServiceCollection services, TwinOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton(all => new TwinChanges(
            all.GetRequiredService<Database>(), all.GetRequiredService<EventOutbox>(), all.GetRequiredService<TimeProvider>(), all.GetRequiredService<ILogger<TwinChanges>>()));
        services.TryAddSingleton<TwinViews>();
        services.TryAddSingleton<TwinWriter>();
        services.TryAddSingleton(all => new DesiredWatches(
            all.GetRequiredService<Database>(), all.GetRequiredService<ISignals>(), all.GetRequiredService<TimeProvider>(), all.GetRequiredService<ILogger<DesiredWatches>>()));
        services.TryAddSingleton(all => new ReportQueue(
            all.GetRequiredService<Database>(), all.GetRequiredService<TwinChanges>(), options, all.GetRequiredService<TimeProvider>(), all.GetRequiredService<ILogger<ReportQueue>>()));
        services.TryAddSingleton(all => new Twins(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<TwinViews>(),
            all.GetRequiredService<TwinWriter>(),
            all.GetRequiredService<ReportQueue>(),
            all.GetRequiredService<DesiredWatches>(),
            all.GetRequiredService<TwinChanges>(),
            options));
    }
}
