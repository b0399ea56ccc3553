using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Store.Sqlite;

/// <summary>Binds <see cref="Database"/> to SQLite.</summary>
public static class SqliteSetup
{
    public static IServiceCollection AddSqliteStore(this IServiceCollection services, SqliteOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton<Database, SqliteDatabase>();
        return services;
    }
}
