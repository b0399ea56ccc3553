using System.Security.Authentication;
using Gatehouse.Contracts.Access;
using Gatehouse.Gateway;
using Gatehouse.Hub;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.ImportExport;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Hub.Throttling;
using Gatehouse.Identity;
using Gatehouse.Provisioning;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Limits;
using Gatehouse.Server.Configuration;
using Gatehouse.Server.Startup;
using Gatehouse.ServiceApi;
using Gatehouse.Sinks;
using Gatehouse.Store.Audit;
using Gatehouse.Streams.Log;
using Gatehouse.Transport;
using Gatehouse.Transport.Admission;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Tls;

namespace Gatehouse.Server.Composition;

/// <summary>The operator's settings as the options of each room.</summary>
internal sealed class BoundOptions(ServerOptions options, DataDirectory data)
{
    internal TransportOptions Transport => new()
    {
        Addresses = options.Addresses,
        MqttPort = options.MqttPort,
        AmqpPort = options.AmqpPort,
        HttpsPort = options.HttpsPort,
        HttpsFallbackPort = options.IsHttpsPortGiven ? null : new TransportOptions { Tls = Tls }.HttpsFallbackPort,
        PlainMqttPort = options.MqttPlainPort,
        DrainTimeout = options.DrainTimeout,
        Tls = Tls,
        Limits = new ConnectionLimits
        {
            MaxConnections = options.MaxConnections,
            MaxUnauthenticated = options.MaxUnauthenticatedConnections,
            MaxUnauthenticatedPerAddress = options.MaxUnauthenticatedPerAddress,
            AuthenticationTimeout = options.AuthenticationTimeout,
        },
    };

    internal HubOptions Hub => new()
    {
        HostNames = [.. new HubOptions().HostNames, Environment.MachineName, .. options.HostNames],
        TrustLogHost = options.HostNames is [var first, ..] ? first : Environment.MachineName,
        Files = options.Files with { Folder = options.FilesDirectory ?? data.FilesFolder, IsShared = options.FilesDirectory is not null },
        FileNotifications = options.FileNotifications,
        Events = new EventOptions { PartitionCount = options.Partitions },
        Telemetry = new TelemetryOptions { DeviceMessagesPerSecond = options.DeviceMessagesPerSecond },
        Throttling = Throttling,
        CloudToDevice = options.CloudToDevice,
        Feedback = options.Feedback,
        Twins = options.Twins,
        Methods = options.Methods,
        Queries = options.Queries,
        Configurations = options.Configurations,
        Revocations = options.Revocations,
        Jobs = new JobOptions { MaxActive = options.MaxJobs, History = options.JobHistory },
        ImportExport = new ImportExportOptions { History = options.JobHistory },
        Routing = new RoutingOptions
        {
            MaxRoutes = options.MaxRoutes,
            MaxEndpoints = options.MaxEndpoints,
            MaxEnrichments = options.MaxEnrichments,
            MaxDeliveryTime = options.DeliveryTime,
            MaxDeadLetters = options.DeadLetters,
            MaxDeadLetterBytes = options.DeadLetterBytes,
            MaxWaitingEvents = options.OutboxEvents,
            LeaseTime = options.RoutingLease,
        },
        Sinks = new SinkOptions
        {
            AllowPrivateAddresses = options.PrivateEndpoints,
            Timeout = options.DeliveryTimeout,
            MaxEvents = options.DeliveryEvents,
            MaxBytes = options.DeliveryBytes,
            MaxBlobBytes = options.BlobBytes,
            MaxMemoryBytes = options.DeliveryMemory,
        },
    };

    internal AmqpOptions Amqp => new() { KeepLinkAddresses = options.FaultInjection };

    internal IdentityOptions Identity => new() { TokenGrace = options.TokenGrace };

    internal GatewayOptions Gateway => new() { TokenGrace = options.TokenGrace, FaultInjection = options.FaultInjection };

    internal ProvisioningOptions Provisioning => options.Provisioning with
    {
        HubHostName = options.HostNames.FirstOrDefault(),
        TpmMakers = options.TpmManufacturerRoots is { } makers ? MakerCertificateFiles.Read(makers) : null,
        Allocation = new AllocationOptions { AllowPrivateAddresses = options.PrivateEndpoints, Secret = options.AllocationSecret, Timeout = options.AllocationTimeout },
        Limits = new LimitOptions
        {
            RegistrationsPerMinute = options.RegistrationsPerMinute ?? options.ProvisioningLimits.RegistrationsPerMinute,
            CallsPerMinute = options.ProvisioningCallsPerMinute ?? options.ProvisioningLimits.CallsPerMinute,
            PollsPerTenSeconds = options.RegistrationPolls ?? options.ProvisioningLimits.PollsPerTenSeconds,
        },
        LinkedHubs = options.LinkedHubs with { AllowPrivateAddresses = options.PrivateEndpoints },
    };

    internal ServiceApiOptions ServiceApi => new() { AmqpPort = options.AmqpPort is > 0 and var port ? port : 5671 };

    private ThrottleOptions Throttling => new()
    {
        Tier = options.ThrottleTier ?? (options.ThrottleUnits is null ? ThrottleTier.Off : ThrottleTier.S1),
        Units = options.ThrottleUnits ?? 1,
        Scale = options.ThrottlePercent / 100.0,
        Limits = options.HubMessagesPerSecond is { } messages
            ? new Dictionary<ThrottleClass, ThrottleRate?>(options.ThrottleLimits) { [ThrottleClass.DeviceToCloudSends] = new ThrottleRate(messages, TimeSpan.FromSeconds(1)) }
            : options.ThrottleLimits,
        Hold = options.ThrottleHold,
        MaxHeld = options.ThrottleHeld,
        IsFair = options.ThrottleFairness,
    };

    private TlsOptions Tls => new()
    {
        Folder = data.TlsFolder,
        KeysFolder = data.KeysFolder,
        CertificatesFolder = options.TlsDirectory,
        HostNames = options.HostNames,
        MinimumVersion = options.MinimumTls == "1.3" ? SslProtocols.Tls13 : SslProtocols.Tls12,
    };

    internal static LogOptions Log(ServerOptions options) => new() { Retention = options.Retention, RetentionBytes = options.RetentionBytes };

    internal static AuditOptions Audit(ServerOptions options) => new() { MaxRecords = options.AuditRecords };
}
