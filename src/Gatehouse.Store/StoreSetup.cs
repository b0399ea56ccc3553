using Gatehouse.Contracts.Audit;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Refusals;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Store;

/// <summary>Registers what stands on either database: the audit log and the refusal log. The database itself comes from AddSqliteStore or AddPostgresStore.</summary>
public static class StoreSetup
{
    public static IServiceCollection AddStore(this IServiceCollection services, AuditOptions audit, RefusalOptions refusals)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(audit);
        services.TryAddSingleton(refusals);
        services.TryAddSingleton<AuditLog>();
        services.TryAddSingleton<RefusalLog>();
        services.TryAddSingleton<IRefusalLog>(provider => provider.GetRequiredService<RefusalLog>());
        services.AddHostedService<AuditPruning>();
        return services;
    }
}
