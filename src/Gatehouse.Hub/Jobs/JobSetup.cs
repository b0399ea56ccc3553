using Gatehouse.Contracts.Credentials;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.ImportExport;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Queries;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Routing.Outbox;
using Gatehouse.Hub.Throttling;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Jobs;

/// <summary>The parts of this feature.</summary>
internal static class JobSetup
{
    internal static void AddJobs(this IServiceCollection services, HubOptions options)
    {
        services.TryAddSingleton(all => new JobEvents(all.GetRequiredService<EventOutbox>(), all.GetRequiredService<ILogger<JobEvents>>()));
        services.TryAddSingleton<JobMetrics>();
        services.TryAddSingleton<TwinSelection>();
        services.TryAddSingleton(all => new Jobs(all.GetRequiredService<Database>(), all.GetRequiredService<TwinWriter>(), options, all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new JobParts
        {
            Database = all.GetRequiredService<Database>(),
            Selection = all.GetRequiredService<TwinSelection>(),
            Twins = all.GetRequiredService<TwinWriter>(),
            Methods = all.GetRequiredService<DirectMethods>(),
            Throttles = all.GetRequiredService<Throttles>(),
            Credentials = all.GetRequiredService<ICredentialSource>(),
            Events = all.GetRequiredService<JobEvents>(),
            Options = options.Jobs,
            Metrics = all.GetRequiredService<JobMetrics>(),
            Time = all.GetRequiredService<TimeProvider>(),
            Log = all.GetRequiredService<ILogger<JobRunner>>(),
        });
        AddImportExport(services, options);
        services.TryAddSingleton(all => new JobRunner(
            all.GetRequiredService<Jobs>(), all.GetRequiredService<ImportExportJobs>(), all.GetRequiredService<HubDirectory>(), all.GetRequiredService<JobParts>(), all.GetRequiredService<ImportExportParts>()));
        services.AddHostedService(static all => all.GetRequiredService<JobRunner>());
        services.TryAddSingleton(all => new JobUpkeep(all.GetRequiredService<HubDirectory>(), all.GetRequiredService<JobParts>(), options.ImportExport));
        services.AddHostedService(static all => all.GetRequiredService<JobUpkeep>());
    }

    private static void AddImportExport(IServiceCollection services, HubOptions options)
    {
        services.TryAddSingleton<ContainerSeal>();
        services.TryAddSingleton(all => new ImportExportParts
        {
            Database = all.GetRequiredService<Database>(),
            Bulk = all.GetRequiredService<BulkRegistry>(),
            Configurations = all.GetRequiredService<Configurations.Configurations>(),
            Views = all.GetRequiredService<IdentityViews>(),
            Seal = all.GetRequiredService<ContainerSeal>(),
            Options = options.ImportExport,
            Sinks = options.Sinks,
            BatchLines = options.Registry.MaxBulkItems,
            Time = all.GetRequiredService<TimeProvider>(),
            Log = all.GetRequiredService<ILogger<JobRunner>>(),
        });
        services.TryAddSingleton(all => new ImportExportJobs(all.GetRequiredService<ImportExportParts>()));
    }
}
