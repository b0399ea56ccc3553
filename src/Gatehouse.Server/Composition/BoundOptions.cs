using System.Security.Authentication;
using Gatehouse.Gateway;
using Gatehouse.Hub;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.ImportExport;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Notifications;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Identity;
using Gatehouse.Server.Configuration;
using Gatehouse.Server.Startup;
using Gatehouse.ServiceApi;
using Gatehouse.Sinks;
using Gatehouse.Store.Audit;
using Gatehouse.Streams.Log;
using Gatehouse.Transport;
using Gatehouse.Transport.Admission;
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
        Files = new Gatehouse.Hub.Files.FileOptions
        {
            Folder = options.FilesDirectory ?? data.FilesFolder,
            IsShared = options.FilesDirectory is not null,
            Retention = options.FilesRetention,
            MaxFileBytes = options.FileBytes,
            MaxTotalBytes = options.FilesTotalBytes,
            Notifications = options.FileNotifications,
        },
        Events = new EventOptions { PartitionCount = options.Partitions },
        Telemetry = new TelemetryOptions { DeviceMessagesPerSecond = options.DeviceMessagesPerSecond, HubMessagesPerSecond = options.HubMessagesPerSecond },
        CloudToDevice = new CloudToDeviceOptions { DefaultTimeToLive = options.CloudToDeviceTimeToLive, MaxDeliveryCount = options.CloudToDeviceMaxDeliveryCount },
        Feedback = new NotificationOptions
        {
            TimeToLive = options.FeedbackTimeToLive, LockDuration = options.FeedbackLockDuration, MaxDeliveryCount = options.FeedbackMaxDeliveryCount,
        },
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

    internal IdentityOptions Identity => new() { TokenGrace = options.TokenGrace };

    internal GatewayOptions Gateway => new() { TokenGrace = options.TokenGrace };

    internal ServiceApiOptions ServiceApi => new() { ThrottleUnits = options.ThrottleUnits, AmqpPort = options.AmqpPort is > 0 and var port ? port : 5671 };

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
