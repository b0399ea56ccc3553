using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Configurations;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Notifications;
using Gatehouse.Hub.Queries;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.Throttling;
using Gatehouse.Hub.Twins;
using Gatehouse.Keys;
using Gatehouse.Provisioning;
using Gatehouse.Provisioning.Limits;
using Gatehouse.Provisioning.LinkedHubs;
using Gatehouse.Store.Certificates;

namespace Gatehouse.Server.Configuration;

/// <summary>What an operator set, before it is handed to the rooms. Filled by <see cref="SettingsReader"/>; documented in <see cref="Settings"/>.</summary>
internal sealed class ServerOptions
{
    internal string Data { get; set; } = DefaultData();

    internal List<string> HostNames { get; } = [];

    internal List<IPAddress> Addresses { get; } = [];

    internal int MqttPort { get; set; } = 8883;

    internal int AmqpPort { get; set; } = 5671;

    internal int HttpsPort { get; set; } = 443;

    /// <summary>Whether the operator named the port; the fall-back to 8443 is only for the default.</summary>
    internal bool IsHttpsPortGiven { get; set; }

    internal int? MqttPlainPort { get; set; }

    /// <summary>Null: the listener is off.</summary>
    internal int? PkiPort { get; set; }

    internal int MetricsPort { get; set; } = 9464;

    internal string? TlsDirectory { get; set; }

    internal string MinimumTls { get; set; } = "1.2";

    internal List<KeyStoreAddress> KeyStores { get; } = [];

    internal bool HsmOnly { get; set; }

    internal string Store { get; set; } = "sqlite";

    internal CertificateAlarmOptions CertificateAlarms { get; set; } = new();

    internal string Streams { get; set; } = "rocksdb";

    internal int Partitions { get; set; } = 4;

    internal TimeSpan Retention { get; set; } = TimeSpan.FromDays(1);

    internal long? RetentionBytes { get; set; }

    internal int MaxConnections { get; set; } = 100_000;

    internal int MaxUnauthenticatedConnections { get; set; } = 2_000;

    internal int MaxUnauthenticatedPerAddress { get; set; } = 200;

    internal TimeSpan AuthenticationTimeout { get; set; } = TimeSpan.FromSeconds(15);

    internal TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    internal TimeSpan TokenGrace { get; set; } = TimeSpan.FromMinutes(10);

    internal int? DeviceMessagesPerSecond { get; set; }

    internal int? HubMessagesPerSecond { get; set; }

    // Limits that the settings write straight into the options of their feature.
    internal CloudToDeviceOptions CloudToDevice { get; set; } = new();

    internal NotificationOptions Feedback { get; set; } = new();

    internal NotificationOptions FileNotifications { get; set; } = new();

    internal Hub.Files.FileOptions Files { get; set; } = new();

    internal TwinOptions Twins { get; set; } = new();

    internal string? FilesDirectory { get; set; }

    internal MethodOptions Methods { get; set; } = new();

    internal QueryOptions Queries { get; set; } = new();

    internal ConfigurationOptions Configurations { get; set; } = new();

    internal RevocationOptions Revocations { get; set; } = new();

    /// <summary>Null: not named.</summary>
    internal ThrottleTier? ThrottleTier { get; set; }

    internal int MaxJobs { get; set; } = 10;

    internal TimeSpan JobHistory { get; set; } = TimeSpan.FromDays(30);

    internal int? ThrottleUnits { get; set; }

    internal int ThrottlePercent { get; set; } = 100;

    /// <summary>Null as value: no limit.</summary>
    internal Dictionary<ThrottleClass, ThrottleRate?> ThrottleLimits { get; } = [];

    internal TimeSpan ThrottleHold { get; set; } = TimeSpan.FromSeconds(10);

    internal int ThrottleHeld { get; set; } = 1_000;

    internal bool ThrottleFairness { get; set; } = true;

    internal bool FaultInjection { get; set; }

    internal bool PrivateEndpoints { get; set; }

    internal string? AllocationSecret { get; set; }

    internal string? TpmManufacturerRoots { get; set; }

    internal TimeSpan AllocationTimeout { get; set; } = TimeSpan.FromSeconds(10);

    internal LinkedHubOptions LinkedHubs { get; set; } = new();

    /// <summary>What has settings of its own is put into it when it is bound.</summary>
    internal ProvisioningOptions Provisioning { get; set; } = new();

    internal LimitOptions ProvisioningLimits { get; set; } = new();

    internal int? RegistrationsPerMinute { get; set; }

    internal int? ProvisioningCallsPerMinute { get; set; }

    internal int? RegistrationPolls { get; set; }

    internal int MaxRoutes { get; set; } = 100;

    internal int MaxEndpoints { get; set; } = 10;

    internal int MaxEnrichments { get; set; } = 10;

    internal TimeSpan DeliveryTime { get; set; } = TimeSpan.FromDays(1);

    internal TimeSpan DeliveryTimeout { get; set; } = TimeSpan.FromSeconds(30);

    internal int DeliveryEvents { get; set; } = 100;

    internal int DeliveryBytes { get; set; } = 1 << 20;

    internal long DeliveryMemory { get; set; } = 64L << 20;

    internal int BlobBytes { get; set; } = 16 << 20;

    internal int DeadLetters { get; set; } = 10_000;

    internal long DeadLetterBytes { get; set; } = 64L << 20;

    internal int OutboxEvents { get; set; } = 100_000;

    internal TimeSpan RoutingLease { get; set; } = TimeSpan.FromSeconds(20);

    internal long AuditRecords { get; set; } = 1_000_000;

    internal bool JsonLog { get; set; }

    internal LogLevel LogLevel { get; set; } = LogLevel.Information;

    private static string DefaultData() => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } folder ? folder : Path.GetTempPath(),
        "gatehouse");
}
