using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Store.Postgres;

/// <summary>Binds <see cref="Database"/> to PostgreSQL.</summary>
public static class PostgresSetup
{
    public static IServiceCollection AddPostgresStore(this IServiceCollection services, PostgresOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton<Database, PostgresDatabase>();
        return services;
    }
}
