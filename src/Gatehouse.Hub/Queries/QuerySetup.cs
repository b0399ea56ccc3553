using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Hub.Queries;

/// <summary>The parts of this feature.</summary>
internal static class QuerySetup
{
    internal static void Add(IServiceCollection services, QueryOptions options)
    {
        services.TryAddSingleton(all => new TwinQueries(all.GetRequiredService<Database>(), options, all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new DeviceJobQueries(all.GetRequiredService<Database>(), options));
        services.TryAddSingleton(all => new Queries(all.GetRequiredService<TwinQueries>(), all.GetRequiredService<DeviceJobQueries>(), options));
    }
}
