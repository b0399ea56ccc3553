using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Audit;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Configurations;
using Gatehouse.Hub.Connections;
using Gatehouse.Hub.Credentials;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Files;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Notifications;
using Gatehouse.Hub.Provisioning;
using Gatehouse.Hub.Queries;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.Rotation;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Hub.Throttling;
using Gatehouse.Hub.TrustLog;
using Gatehouse.Hub.Twins;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Hub.WrappingKeys;
using Gatehouse.Identity;
using Gatehouse.Keys;
using Gatehouse.Store;
using Gatehouse.Store.Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub;

/// <summary>How the server takes this room in: AddHub, then (after the schema) <see cref="HubStartup.StartAsync"/>.</summary>
public static class HubSetup
{
    /// <summary>Needs AddStreams, a Database with its audit and refusal logs, and a SecretVault.</summary>
    public static IServiceCollection AddHub(this IServiceCollection services, HubOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GenerationIds>();
        services.TryAddSingleton<HubDirectory>();
        services.TryAddSingleton<KnownHubs>();
        services.TryAddSingleton<IStrictnessChanges>(static all => all.GetRequiredService<KnownHubs>());
        services.AddHostedService(static all => all.GetRequiredService<KnownHubs>());
        services.TryAddSingleton(static all => new StrictModeRules(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<KnownHubs>(),
            all.GetRequiredService<UseRecorder>(),
            all.GetService<IdentityOptions>() ?? new IdentityOptions(),
            all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static all => new DeviceBindings(all.GetRequiredService<Database>(), all.GetRequiredService<RegistryTransactions>(), all.GetRequiredService<UseRecorder>()));
        services.TryAddSingleton<HubStartup>();
        services.TryAddSingleton(all => new BuiltInPolicies(all.GetRequiredService<SecretVault>(), all.GetRequiredService<GenerationIds>(), all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new SharedAccessPolicies(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<SecretVault>(),
            all.GetRequiredService<GenerationIds>(),
            options.Policies,
            all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<ServerKeys>();
        services.TryAddSingleton(options.Certificates);
        services.TryAddSingleton<CaCertificates>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStandingCertificates, StandingCertificates>());
        services.TryAddSingleton(options.Revocations);
        services.TryAddSingleton<KnownRevocations>();
        services.TryAddSingleton<IRevocations>(static all => all.GetRequiredService<KnownRevocations>());
        services.AddHostedService(static all => all.GetRequiredService<KnownRevocations>());
        services.TryAddSingleton<RevocationList>();
        services.AddUseTracking(options.Uses);
        services.AddRotation();
        services.TryAddSingleton<IssuerLists>();
        services.TryAddSingleton<StaleListWatch>();
        services.AddHostedService(static all => all.GetRequiredService<StaleListWatch>());
        services.TryAddSingleton(options.Events);
        services.TryAddSingleton<HubLogs>();
        services.TryAddSingleton<ConsumerGroups>();
        services.TryAddSingleton<EventStreams>();
        services.TryAddSingleton<PartitionReaders>();
        services.TryAddSingleton<AuditTrail>();
        services.TryAddSingleton<TrustLogMetrics>();
        services.TryAddSingleton<TrustLogKeeper>();
        services.AddHostedService(static all => all.GetRequiredService<TrustLogKeeper>());
        services.TryAddSingleton(all => new CredentialSource(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<HubDirectory>(),
            all.GetRequiredService<CaCertificates>(),
            all.GetRequiredService<ISignals>(),
            options.Credentials,
            all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<ConnectionStates>();
        services.TryAddSingleton<ConnectionWriter>();
        services.AddHostedService(all => all.GetRequiredService<ConnectionWriter>());
        services.TryAddSingleton<TelemetryMetrics>();
        services.TryAddSingleton<ThrottleMetrics>();
        services.TryAddSingleton(all => new Throttles(
            options.Throttling, options.Telemetry, all.GetRequiredService<ThrottleMetrics>(), all.GetRequiredService<TimeProvider>(), all.GetRequiredService<ILogger<Throttles>>()));
        services.TryAddSingleton(all => new TelemetryIntake(
            all.GetRequiredService<HubIntakes>(), options.Telemetry, all.GetRequiredService<TelemetryMetrics>(), all.GetRequiredService<Throttles>()));
        TwinSetup.Add(services, options.Twins);
        services.TryAddSingleton<MethodMetrics>();
        services.TryAddSingleton(all => new DirectMethods(
            all.GetRequiredService<ICredentialSource>(),
            all.GetRequiredService<ISignals>(),
            options.Methods,
            all.GetRequiredService<MethodMetrics>(),
            all.GetRequiredService<TimeProvider>()));
        QuerySetup.Add(services, options.Queries);
        AddRegistry(services, options.Registry);
        AddCloudToDevice(services, options);
        services.AddFiles(options);
        services.AddMessageRouting(options);
        services.AddJobs(options);
        services.AddConfigurations(options);
        services.AddDeviceRegistrar();
        services.TryAddSingleton<ICredentialSource>(all => all.GetRequiredService<CredentialSource>());
        return services;
    }

    private static void AddCloudToDevice(IServiceCollection services, HubOptions options)
    {
        services.TryAddSingleton<Mailboxes>();
        services.TryAddSingleton<CloudToDeviceMetrics>();
        services.TryAddSingleton(all => new CloudToDeviceMessages(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<Mailboxes>(),
            options.CloudToDevice,
            all.GetRequiredService<CloudToDeviceMetrics>(),
            all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(all => new NotificationQueues(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<ISignals>(),
            options.Feedback,
            all.GetRequiredService<FileUploadDefinitions>().NotificationsAsync,
            all.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<FeedbackBatches>();
        services.TryAddSingleton<ExpiredMessages>();
        services.TryAddSingleton<QueueUpkeep>();
        services.AddHostedService(static all => all.GetRequiredService<QueueUpkeep>());
    }

    private static void AddRegistry(IServiceCollection services, RegistryOptions options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton<DerivationKeys>();
        services.TryAddSingleton<CredentialSeal>();
        services.TryAddSingleton<DeviceWriter>();
        services.TryAddSingleton<ModuleWriter>();
        services.TryAddSingleton<IdentityViews>();
        services.TryAddSingleton<RegistryTransactions>();
        services.TryAddSingleton<BulkTwins>();
        services.TryAddSingleton(all => new IdentityRegistry(
            all.GetRequiredService<Database>(),
            all.GetRequiredService<RegistryTransactions>(),
            all.GetRequiredService<DeviceWriter>(),
            all.GetRequiredService<ModuleWriter>(),
            all.GetRequiredService<IdentityViews>(),
            options));
        services.TryAddSingleton(all => new BulkRegistry(
            all.GetRequiredService<RegistryTransactions>(),
            all.GetRequiredService<DeviceWriter>(),
            all.GetRequiredService<ModuleWriter>(),
            all.GetRequiredService<BulkTwins>(),
            options));
        services.TryAddSingleton(static all => new KeyRegeneration(
            all.GetRequiredService<RegistryTransactions>(), all.GetRequiredService<IdentityKeyRenewal>(), all.GetRequiredService<IdentityViews>(), all.GetRequiredService<RegistryOptions>()));
        services.TryAddSingleton(all => new RegistryStatistics(all.GetRequiredService<Database>(), all.GetRequiredService<ConnectionStates>()));
    }
}
