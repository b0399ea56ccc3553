using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Certificates;
using Gatehouse.Store.Refusals;
using Gatehouse.Store.TrustLog;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Store;

/// <summary>Registers what stands on either database: the audit log, the trust log, the refusal log and the inventory of certificates. The database itself comes from AddSqliteStore or AddPostgresStore.</summary>
public static class StoreSetup
{
    public static IServiceCollection AddStore(this IServiceCollection services, AuditOptions audit, RefusalOptions refusals, CertificateAlarmOptions? certificateAlarms = null)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(audit);
        services.TryAddSingleton(refusals);
        services.TryAddSingleton<AuditLog>();
        services.TryAddSingleton<TrustLogStore>();
        services.TryAddSingleton<RefusalLog>();
        services.TryAddSingleton<IRefusalLog>(provider => provider.GetRequiredService<RefusalLog>());
        services.AddHostedService<AuditPruning>();
        services.TryAddSingleton(certificateAlarms ?? new());
        services.TryAddSingleton(new SightingOptions());
        services.TryAddSingleton<CertificateSightings>();
        services.AddHostedService(static all => all.GetRequiredService<CertificateSightings>());
        services.TryAddSingleton<CertificateInventory>();
        services.TryAddSingleton<ICertificateInventory>(static all => all.GetRequiredService<CertificateInventory>());
        services.TryAddSingleton<ICertificateAlarms, CertificateAlarms>();
        services.TryAddSingleton<CertificateAlarmWatch>();
        services.AddHostedService(static all => all.GetRequiredService<CertificateAlarmWatch>());
        return services;
    }
}
