using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Queries;

/// <summary>The parts of this feature.</summary>
internal static class QuerySetup
{
    internal static void Add(IServiceCollection services, QueryOptions options)
    {
        services.TryAddSingleton(all => new TwinQueries(all.GetRequiredService<Database>(), options, all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new DeviceJobQueries(all.GetRequiredService<Database>(), options));
        services.TryAddSingleton<QueryMetrics>();
        services.TryAddSingleton(all => new QueryReports(options, all.GetRequiredService<QueryMetrics>(), all.GetRequiredService<TimeProvider>(), all.GetRequiredService<ILogger<Queries>>()));
        services.TryAddSingleton(all => new Queries(all.GetRequiredService<TwinQueries>(), all.GetRequiredService<DeviceJobQueries>(), options, all.GetRequiredService<QueryReports>()));
    }
}
