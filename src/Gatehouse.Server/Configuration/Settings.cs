using System.Globalization;
using System.Net;
using Gatehouse.Hub.Throttling;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Limits;
using Gatehouse.Sinks.Webhooks;
using Gatehouse.Store.Certificates;

namespace Gatehouse.Server.Configuration;

/// <summary>The table of all settings; <c>gatehouse up --help</c> and docs/configuration.md are printed from it.</summary>
internal static class Settings
{
    private const int MaxPkiUrl = 200;

    internal static IReadOnlyList<Setting> All { get; } =
    [
        new(SettingsReader.FileSetting, "path of a JSON file", "none", "File with settings: one object, names as here without dashes.", (_, _) => null),
        new("data", "path of a directory", "the platform's application-data folder + gatehouse", "Where all state lives.", (o, text) => NotEmpty(text, () => o.Data = Path.GetFullPath(text))),
        new("host-name", "DNS name or IP address", "localhost, 127.0.0.1, ::1 and the machine's name", "A further name that clients use for this hub; goes into the server certificate. The first one is what devices that register are told.", AddHostName) { IsRepeatable = true },
        new("address", "IP address", "all addresses", "Address to listen on.", AddAddress) { IsRepeatable = true },
        new("mqtt-port", "0–65535; 0 lets the system choose", "8883", "TCP port for MQTT over TLS. SDKs fix this number.", (o, text) => Integer(text, 0, 65535, value => o.MqttPort = value)),
        new("amqp-port", "0–65535; 0 lets the system choose", "5671", "TCP port for AMQP over TLS. SDKs fix this number.", (o, text) => Integer(text, 0, 65535, value => o.AmqpPort = value)),
        new("https-port", "0–65535; 0 lets the system choose", "443, or 8443 where 443 cannot be bound", "TCP port for HTTPS and WebSockets. SDKs fix this number.", (o, text) => Integer(text, 0, 65535, value => (o.HttpsPort, o.IsHttpsPortGiven) = (value, true))),
        new("mqtt-plain-port", "0–65535; 0 lets the system choose", "closed", "Loopback-only TCP port for MQTT without TLS, behind a TLS-terminating proxy or for measurements.", (o, text) => Integer(text, 0, 65535, value => o.MqttPlainPort = value)),
        new("pki-port", "0–65535; 0 lets the system choose", "closed", "TCP port for plain HTTP at the addresses of --address: revocation lists, OCSP and certificates of the CAs of credential policies, for everybody. docs/operations/est.md.", (o, text) => Integer(text, 0, 65535, value => o.PkiPort = value)),
        new("pki-url", "http://host or http://host:port, with a path or without", "none: certificates do not say it", "Public address of --pki-port. Certificates that the CAs of credential policies issue say by it where their lists (CRL), OCSP and CA certificates are. docs/operations/est.md.", PkiUrl),
        new("metrics-port", "0–65535; 0 lets the system choose", "9464", "Loopback-only HTTP port for /metrics and /health.", (o, text) => Integer(text, 0, 65535, value => o.MetricsPort = value)),
        new("tls", "path of a directory", "none: the certificate that the server makes", "Where certificates of your own lie (PEM chain and key per host name); reloaded when they change.", (o, text) => NotEmpty(text, () => o.TlsDirectory = Path.GetFullPath(text))),
        new("minimum-tls", "1.2 or 1.3", "1.2", "Lowest TLS version accepted.", (o, text) => OneOf(text, ["1.2", "1.3"], value => o.MinimumTls = value)),
        new("key-store", KeyStoreAddress.Forms, "file", "A place for keys that the server may use; a new server makes its wrapping key in the first. docs/operations/keys.md.", AddKeyStore) { IsRepeatable = true, IsSensitive = true },
        new("hsm-only", "true or false", "false", "Keys and other secrets stay in an HSM and are used there; every --key-store must be an HSM. Decided when a server starts for the first time. docs/operations/keys.md.", (o, text) => Boolean(text, value => o.HsmOnly = value)) { IsFlag = true },
        new("store", "sqlite or postgres://user:password@host:port/database", "sqlite", "Where identities, policies and the audit log live.", (o, text) => Url(text, "sqlite", ["postgres", "postgresql"], value => o.Store = value)) { IsSensitive = true },
        new("streams", "rocksdb or nats://host:port (tls://… too)", "rocksdb", "Where events live and how signals travel.", (o, text) => Url(text, "rocksdb", ["nats", "tls"], value => o.Streams = value)) { IsSensitive = true },
        new("partitions", "2–32", "4", "Partitions of a new hub's event log; fixed once it exists.", (o, text) => Integer(text, 2, 32, value => o.Partitions = value)),
        new("retention", "1h–30d", "1d", "How long events are kept.", (o, text) => Duration(text, TimeSpan.FromHours(1), TimeSpan.FromDays(30), value => o.Retention = value)),
        new("retention-bytes", "bytes per partition, at least 1048576", "no limit", "Size at which the oldest events of a partition go, whatever their age.", (o, text) => Long(text, 1 << 20, long.MaxValue, value => o.RetentionBytes = value)),
        new("max-connections", "1–1000000", "100000", "Connections open at once.", (o, text) => Integer(text, 1, 1_000_000, value => o.MaxConnections = value)),
        new("max-unauthenticated", "1–100000", "2000", "Connections that have not yet proved who they are.", (o, text) => Integer(text, 1, 100_000, value => o.MaxUnauthenticatedConnections = value)),
        new("max-unauthenticated-per-address", "1–100000", "200", "The same, from one address.", (o, text) => Integer(text, 1, 100_000, value => o.MaxUnauthenticatedPerAddress = value)),
        new("authentication-timeout", "1s–120s", "15s", "Time for TLS and CONNECT together.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(120), value => o.AuthenticationTimeout = value)),
        new("drain-timeout", "0s–300s", "10s", "Time that open connections get to finish when the server stops.", (o, text) => Duration(text, TimeSpan.Zero, TimeSpan.FromSeconds(300), value => o.DrainTimeout = value)),
        new("token-grace", "0s–1h", "10m", "How long a connection outlives its SAS token (clients that rely on being cut off need some).", (o, text) => Duration(text, TimeSpan.Zero, TimeSpan.FromHours(1), value => o.TokenGrace = value)),
        new("device-messages-per-second", "1–1000000", "no limit", "Messages one device may send; more is delayed, not refused.", (o, text) => Integer(text, 1, 1_000_000, value => o.DeviceMessagesPerSecond = value)),
        new("hub-messages-per-second", "1–10000000", "no limit", "Messages a hub takes in all; the same as throttle-limit device-to-cloud-sends, and before it.", (o, text) => Integer(text, 1, 10_000_000, value => o.HubMessagesPerSecond = value)),
        new("c2d-queue-depth", "1–50", "50", "Messages that wait for one device; more are refused.", (o, text) => Integer(text, 1, 50, value => o.CloudToDevice = o.CloudToDevice with { MaxQueueDepth = value })),
        new("c2d-lock", "1s–300s", "60s", "How long a device may hold a message before it is delivered again.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(300), value => o.CloudToDevice = o.CloudToDevice with { LockDuration = value })),
        new("c2d-message-bytes", "bytes, 1024–65536", "65536", "Largest message to a device, its properties included.", (o, text) => Integer(text, 1_024, 65_536, value => o.CloudToDevice = o.CloudToDevice with { MaxMessageBytes = value })),
        new("c2d-ttl", "1m–2d", "1h", "Life of a message to a device that has no expiry of its own.", (o, text) => Duration(text, TimeSpan.FromMinutes(1), TimeSpan.FromDays(2), value => o.CloudToDevice = o.CloudToDevice with { DefaultTimeToLive = value })),
        new("c2d-max-delivery-count", "1–100", "10", "Deliveries of one message to a device that abandons it; then it is dropped.", (o, text) => Integer(text, 1, 100, value => o.CloudToDevice = o.CloudToDevice with { MaxDeliveryCount = value })),
        new("feedback-ttl", "1m–2d", "1h", "How long feedback on messages to devices waits for a receiver.", (o, text) => Duration(text, TimeSpan.FromMinutes(1), TimeSpan.FromDays(2), value => o.Feedback = o.Feedback with { TimeToLive = value })),
        new("feedback-lock", "5s–300s", "60s", "How long a receiver may hold feedback before it goes to another.", (o, text) => Duration(text, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(300), value => o.Feedback = o.Feedback with { LockDuration = value })),
        new("feedback-max-delivery-count", "1–100", "10", "Deliveries of feedback that its receivers abandon; then it is dropped.", (o, text) => Integer(text, 1, 100, value => o.Feedback = o.Feedback with { MaxDeliveryCount = value })),
        new("files", "path of a directory", "files in the data directory", "Where uploaded files lie; one that all nodes share, where several serve a hub.", (o, text) => NotEmpty(text, () => o.FilesDirectory = Path.GetFullPath(text))),
        new("files-retention", "1h–3650d", "no limit", "How long uploaded files are kept.", (o, text) => Duration(text, TimeSpan.FromHours(1), TimeSpan.FromDays(3650), value => o.Files = o.Files with { Retention = value })),
        new("file-bytes", "bytes, 1–1099511627776", "1073741824", "Largest file that a device may upload.", (o, text) => Long(text, 1, 1L << 40, value => o.Files = o.Files with { MaxFileBytes = value })),
        new("files-total-bytes", "bytes, at least 1", "107374182400", "Bytes of all uploaded files together.", (o, text) => Long(text, 1, long.MaxValue, value => o.Files = o.Files with { MaxTotalBytes = value })),
        new("file-notifications", "true or false", "true", "Tells back ends of each file that a device uploaded; a hub may have its own (gatehouse file-upload).", (o, text) => Boolean(text, value => o.Files = o.Files with { Notifications = value })),
        new("file-token-life", "1m–24h", "1h", "How long a device may write to the place of a file.", (o, text) => Duration(text, TimeSpan.FromMinutes(1), TimeSpan.FromHours(24), value => o.Files = o.Files with { TokenLife = value })),
        new("file-uploads-per-device", "1–100", "10", "Uploads of one device that were begun and not finished; more are refused.", (o, text) => Integer(text, 1, 100, value => o.Files = o.Files with { MaxActiveUploads = value })),
        new("file-blocks", "1–50000", "50000", "Blocks of one file.", (o, text) => Integer(text, 1, 50_000, value => o.Files = o.Files with { MaxBlocks = value })),
        new("file-notification-ttl", "1m–2d", "1h", "How long the notification of a file waits for a receiver.", (o, text) => Duration(text, TimeSpan.FromMinutes(1), TimeSpan.FromDays(2), value => o.FileNotifications = o.FileNotifications with { TimeToLive = value })),
        new("file-notification-lock", "5s–300s", "60s", "How long a receiver may hold the notification of a file before it goes to another.", (o, text) => Duration(text, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(300), value => o.FileNotifications = o.FileNotifications with { LockDuration = value })),
        new("file-notification-max-delivery-count", "1–100", "10", "Deliveries of the notification of a file that its receivers abandon; then it is dropped.", (o, text) => Integer(text, 1, 100, value => o.FileNotifications = o.FileNotifications with { MaxDeliveryCount = value })),
        new("twin-tags-bytes", "bytes, 1–262144", "8192", "Size of all tags of one twin.", (o, text) => Integer(text, 1, 262_144, value => o.Twins = o.Twins with { MaxTagsBytes = value })),
        new("twin-desired-bytes", "bytes, 1–262144", "32768", "Size of all desired properties of one twin.", (o, text) => Integer(text, 1, 262_144, value => o.Twins = o.Twins with { MaxDesiredBytes = value })),
        new("twin-reported-bytes", "bytes, 1–262144", "32768", "Size of all reported properties of one twin.", (o, text) => Integer(text, 1, 262_144, value => o.Twins = o.Twins with { MaxReportedBytes = value })),
        new("twin-depth", "1–32", "10", "Objects and arrays of a twin within one another.", (o, text) => Integer(text, 1, 32, value => o.Twins = o.Twins with { MaxDepth = value })),
        new("twin-key-bytes", "bytes, 1–4096", "1024", "Length of a key of a twin.", (o, text) => Integer(text, 1, 4_096, value => o.Twins = o.Twins with { MaxKeyBytes = value })),
        new("twin-string-bytes", "bytes, 1–65536", "4096", "Length of a text in a twin.", (o, text) => Integer(text, 1, 65_536, value => o.Twins = o.Twins with { MaxStringBytes = value })),
        new("twin-patch-bytes", "bytes, 1024–262144", "262144", "JSON text of one reported patch, before it is read.", (o, text) => Integer(text, 1_024, 262_144, value => o.Twins = o.Twins with { MaxPatchBytes = value })),
        new("twin-pending-bytes", "bytes, 262144–4294967296", "16777216", "Reported patches that wait for the store, all together; more are refused.", (o, text) => Long(text, 262_144, 1L << 32, value => o.Twins = o.Twins with { MaxPendingBytes = value })),
        new("twin-pending-reports", "1–10000", "64", "Reported patches of one device or module that wait for the store; more are refused.", (o, text) => Integer(text, 1, 10_000, value => o.Twins = o.Twins with { MaxPendingPerTwin = value })),
        new("method-payload-bytes", "bytes, 1024–196608", "131072", "Payload of a direct method, and of its answer.", (o, text) => Integer(text, 1_024, 196_608, value => o.Methods = o.Methods with { MaxPayloadBytes = value })),
        new("method-calls-per-device", "1–10000", "100", "Calls of one device or module under way; more are refused.", (o, text) => Integer(text, 1, 10_000, value => o.Methods = o.Methods with { MaxCallsPerDevice = value })),
        new("method-calls-per-hub", "1–1000000", "10000", "Calls of a hub under way on one node; more are refused.", (o, text) => Integer(text, 1, 1_000_000, value => o.Methods = o.Methods with { MaxCallsPerHub = value })),
        new("method-bytes-per-hub", "bytes, 1048576–4294967296", "67108864", "Payloads of a hub under way on one node; more are refused.", (o, text) => Long(text, 1 << 20, 1L << 32, value => o.Methods = o.Methods with { MaxPayloadBytesPerHub = value })),
        new("method-peer-patience", "1s–10s", "1s", "How long other nodes have to say that a device is connected to them.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), value => o.Methods = o.Methods with { PeerPatience = value })),
        new("query-page-items", "1–1000", "100", "Rows of a page of a query whose caller asks for no number.", (o, text) => Integer(text, 1, 1_000, value => o.Queries = o.Queries with { PageItems = value })),
        new("query-time", "1s–300s", "10s", "Longest work on one page of a query; one that needs longer is refused.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(300), value => o.Queries = o.Queries with { TimeLimit = value })),
        new("query-slow", "1s–300s", "2s", "Work on one page of a query that the log tells of.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(300), value => o.Queries = o.Queries with { SlowAfter = value })),
        new("query-concurrent", "1–1000", "4", "Queries that run at once; others wait for as long as query-time, then they are refused.", (o, text) => Integer(text, 1, 1_000, value => o.Queries = o.Queries with { MaxConcurrent = value })),
        new("query-page-bytes", "bytes, 65536–67108864", "4194304", "Size at which a page of a query ends early.", (o, text) => Integer(text, 65_536, 67_108_864, value => o.Queries = o.Queries with { MaxPageBytes = value })),
        new("query-groups", "1–1000000", "10000", "Groups of one GROUP BY; more are refused.", (o, text) => Integer(text, 1, 1_000_000, value => o.Queries = o.Queries with { MaxGroups = value })),
        new("query-group-characters", "1–67108864", "4194304", "Characters of the keys of all groups of one GROUP BY; more are refused.", (o, text) => Integer(text, 1, 67_108_864, value => o.Queries = o.Queries with { MaxGroupCharacters = value })),
        new("max-configurations", "0–1000", "100", "Configurations of a hub.", (o, text) => Integer(text, 0, 1_000, value => o.Configurations = o.Configurations with { MaxConfigurations = value })),
        new("configuration-metrics", "10s–1d", "5m", "How often the metrics of all configurations are counted.", (o, text) => Duration(text, TimeSpan.FromSeconds(10), TimeSpan.FromDays(1), value => o.Configurations = o.Configurations with { MetricsInterval = value })),
        new("max-revocations", "1–1000000", "100000", "Entries of a hub's revocation list; each takes about 500 bytes of memory on every node.", (o, text) => Integer(text, 1, 1_000_000, value => o.Revocations = o.Revocations with { MaxPerHub = value })),
        new("max-crl-entries", "0–1000000", "100000", "Entries of all revocation lists (CRLs) of outside CAs in a hub; each takes 28 bytes of memory on every node.", (o, text) => Integer(text, 0, 1_000_000, value => o.Revocations = o.Revocations with { MaxListEntries = value })),
        new("revocation-check", "1s–1h", "5s", "How often a node looks whether a revocation list or a strict mode has changed without its having heard of it.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), value => o.Revocations = o.Revocations with { CheckInterval = value })),
        new("max-jobs", "1–100", "10", "Jobs of a hub that run at once.", (o, text) => Integer(text, 1, 100, value => o.MaxJobs = value)),
        new("job-history", "1h–365d", "30d", "How long ended jobs, and what they did on each device, are kept.", (o, text) => Duration(text, TimeSpan.FromHours(1), TimeSpan.FromDays(365), value => o.JobHistory = value)),
        new("throttle-tier", "off, F1, B1, B2, B3, S1, S2 or S3", "off, or S1 where throttle-units is given", "Limits every hub's rates as this edition of the service would; off: only where a limit is set by itself.", (o, text) => OneOf(text, ["off", "F1", "B1", "B2", "B3", "S1", "S2", "S3"], value => o.ThrottleTier = Enum.Parse<ThrottleTier>(value, ignoreCase: true))),
        new("throttle-units", "1–200", "1", "Units of that edition.", (o, text) => Integer(text, 1, 200, value => o.ThrottleUnits = value)),
        new("throttle-scale", "percent, 1–100000", "100", "By which the limits of the edition are multiplied, for those who want their proportions on a machine of another size.", (o, text) => Integer(text, 1, 100_000, value => o.ThrottlePercent = value)),
        new("throttle-limit", "CLASS=COUNT/s, CLASS=COUNT/m or CLASS=off; CLASS is one of " + ThrottleWords.All, "that of the edition", "Limit of one class of operations, for each hub and node; as many may come at once.", ThrottleWords.AddLimit) { IsRepeatable = true },
        new("throttle-hold", "0s–60s", "10s", "How long an operation beyond a limit is held back before it is refused, and a batch that needs longer at once; telemetry over MQTT is never refused.", (o, text) => Duration(text, TimeSpan.Zero, TimeSpan.FromSeconds(60), value => o.ThrottleHold = value)),
        new("throttle-held", "0–1000000", "1000", "Requests of one class and hub held back at once; more are refused at once.", (o, text) => Integer(text, 0, 1_000_000, value => o.ThrottleHeld = value)),
        new("throttle-fairness", "true or false", "true", "Devices that use more than their share of a limit go behind those that use less.", (o, text) => Boolean(text, value => o.ThrottleFairness = value)),
        new("fault-injection", "true or false", "false", "Lets devices order faults for themselves with AzIoTHub_FaultOperation… properties, as the SDKs' own tests do. Not for hubs in use.", (o, text) => Boolean(text, value => o.FaultInjection = value)) { IsFlag = true },
        new("private-endpoints", "true or false", "false", "Lets routes, uploads, imports, exports, custom allocation and linked hubs reach loopback, link-local and private addresses, and all but linked hubs without TLS.", (o, text) => Boolean(text, value => o.PrivateEndpoints = value)) { IsFlag = true },
        new("allocation-secret", "text of 16 to 256 characters", "none: calls are not signed", "Signs calls to the webhooks of custom allocation (Gatehouse-Signature).", (o, text) => Secret(text, value => o.AllocationSecret = value)) { IsSensitive = true },
        new("allocation-timeout", "1s–60s", "10s", "Longest time of one custom allocation, all attempts included.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), value => o.AllocationTimeout = value)),
        new("tpm-manufacturer-roots", "path of a file or a directory", "none: certificates are not looked at", "Certificates of TPM makers, roots and intermediates (PEM or DER): no TPM registers without a certificate of its endorsement key that leads to one of them. Read at the start, of a directory all .pem, .crt, .cer and .der.", (o, text) => NotEmpty(text, () => o.TpmManufacturerRoots = Path.GetFullPath(text))),
        new("provisioning-limits", "off or service", "off", "Limits the rates of a provisioning service as the service does: 1000 registrations and 1000 calls a minute, 5 polls of a device in 10 seconds; off: only where a limit is set by itself.", (o, text) => OneOf(text, ["off", "service"], value => o.ProvisioningLimits = value == "service" ? LimitOptions.OfTheService : new())),
        new("registrations-per-minute", "0–1000000", "that of provisioning-limits", "Registrations of a provisioning service in a minute, on each node; as many may come at once. 0: no limit.", (o, text) => Integer(text, 0, 1_000_000, value => o.RegistrationsPerMinute = value)),
        new("provisioning-calls-per-minute", "0–1000000", "that of provisioning-limits", "Calls of a provisioning service's API in a minute, on each node; as many may come at once. 0: no limit.", (o, text) => Integer(text, 0, 1_000_000, value => o.ProvisioningCallsPerMinute = value)),
        new("registration-polls", "0–1000", "that of provisioning-limits", "Times that one device asks for its registration in 10 seconds, on each node. 0: no limit.", (o, text) => Integer(text, 0, 1_000, value => o.RegistrationPolls = value)),
        new("registrations-at-once", "1–1000", "64", "Registrations that are worked on at once; others wait in line.", (o, text) => Integer(text, 1, 1_000, value => o.Provisioning = o.Provisioning with { MaxConcurrentRegistrations = value })),
        new("registrations-waiting", "1–1000000", "4096", "Registrations that wait in line; more are told to come again.", (o, text) => Integer(text, 1, 1_000_000, value => o.Provisioning = o.Provisioning with { MaxWaitingRegistrations = value })),
        new("registration-retry-after", "1s–60s", "2s", "What a device is told to wait before it asks again; whole seconds.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), value => o.Provisioning = o.Provisioning with { RetryAfter = value })),
        new("registration-bytes", "bytes, 1024–1048576", "98304", "Body of a registration.", (o, text) => Integer(text, 1_024, 1_048_576, value => o.Provisioning = o.Provisioning with { MaxDeviceBodyBytes = value })),
        new("max-enrollments", "1–10000000", "1000000", "Individual enrollments of a provisioning service.", (o, text) => Integer(text, 1, 10_000_000, value => o.Provisioning = o.Provisioning with { MaxEnrollments = value })),
        new("max-enrollment-groups", "1–1000", "100", "Enrollment groups of a provisioning service with certificates, and as many with symmetric keys.", (o, text) => Integer(text, 1, 1_000, value => o.Provisioning = o.Provisioning with { MaxGroups = value })),
        new("max-provisioning-certificates", "1–1000", "25", "CA certificates of a provisioning service.", (o, text) => Integer(text, 1, 1_000, value => o.Provisioning = o.Provisioning with { MaxCertificates = value })),
        new("ocsp-rate", "1–100000", "200", "Questions about issued certificates (OCSP at --pki-port) that are answered in a second, on each node; more are told to come again.", (o, text) => Integer(text, 1, 100_000, value => o.Provisioning = o.Provisioning with { OcspRate = value })),
        new("ocsp-rate-per-address", "1–100000", "20", "The same, from one address; behind a proxy or cache, what all clients together may ask.", (o, text) => Integer(text, 1, 100_000, value => o.Provisioning = o.Provisioning with { OcspRatePerAddress = value })),
        new("linked-hub-timeout", "1s–30s", "5s", "Longest time of one call to a linked hub on another server; a registration makes up to six.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), value => o.LinkedHubs = o.LinkedHubs with { Timeout = value })),
        new("linked-hub-calls", "1–1000", "16", "Registrations that one linked hub on another server works on at once; more are told to come again.", (o, text) => Integer(text, 1, 1_000, value => o.LinkedHubs = o.LinkedHubs with { MaxCalls = value })),
        new("max-linked-hubs", "1–1000", "50", "Linked hubs of a provisioning service.", (o, text) => Integer(text, 1, 1_000, value => o.LinkedHubs = o.LinkedHubs with { MaxHubs = value })),
        new("max-routes", "0–1000", "100", "Routes of a hub.", (o, text) => Integer(text, 0, 1000, value => o.MaxRoutes = value)),
        new("max-endpoints", "0–100", "10", "Custom endpoints of a hub.", (o, text) => Integer(text, 0, 100, value => o.MaxEndpoints = value)),
        new("max-enrichments", "0–100", "10", "Enrichments of a hub.", (o, text) => Integer(text, 0, 100, value => o.MaxEnrichments = value)),
        new("delivery-time", "1s–30d", "1d", "How long an endpoint is tried for one event; then it goes to the endpoint's dead letters.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30), value => o.DeliveryTime = value)),
        new("delivery-timeout", "1s–300s", "30s", "Longest time of one delivery to an endpoint, connecting included.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(300), value => o.DeliveryTimeout = value)),
        new("delivery-events", "1–1000", "100", "Events of one call of a webhook, and of one round to an AMQP endpoint.", (o, text) => Integer(text, 1, 1000, value => o.DeliveryEvents = value)),
        new("delivery-bytes", "bytes, 1024–16777216", "1048576", "Bytes of the same.", (o, text) => Integer(text, 1024, 16 << 20, value => o.DeliveryBytes = value)),
        new("delivery-memory", "bytes, 1048576–68719476736", "67108864", "Bytes of events that all deliveries to endpoints hold in memory at once; what is made of them for the wire takes about as much again.", (o, text) => Long(text, 1 << 20, 64L << 30, value => o.DeliveryMemory = value)),
        new("blob-bytes", "bytes, 1048576–67108864", "16777216", "Bytes of events in one blob of a storage endpoint, whatever larger size the endpoint asks for.", (o, text) => Integer(text, 1 << 20, 64 << 20, value => o.BlobBytes = value)),
        new("dead-letters", "1–1000000", "10000", "Dead letters kept of one endpoint; the oldest go for newer ones.", (o, text) => Integer(text, 1, 1_000_000, value => o.DeadLetters = value)),
        new("dead-letter-bytes", "bytes, 1048576–1099511627776", "67108864", "Bytes of the same.", (o, text) => Long(text, 1 << 20, 1L << 40, value => o.DeadLetterBytes = value)),
        new("outbox-events", "1–10000000", "100000", "Events about twins, identities, connections and jobs of one hub that wait for the event log; reached only while it takes nothing, and further ones are not made.", (o, text) => Integer(text, 1, 10_000_000, value => o.OutboxEvents = value)),
        new("routing-lease", "1s–5m", "20s", "Where nodes share a store: how long the routing of a hub stays with a node that is not heard of.", (o, text) => Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), value => o.RoutingLease = value)),
        new("audit-records", "1000–1000000000", "1000000", "Audit records kept; the oldest go first and leave an anchor.", (o, text) => Long(text, 1_000, 1_000_000_000, value => o.AuditRecords = value)),
        new("certificate-alarms", "whole numbers of days, a comma between, each from 1 to 3650, at most 10", "30,7,1", "How long before a certificate or revocation list ends there is an alarm; when it has ended there always is. docs/operations/certificate-inventory.md.", AddAlarms),
        new("json-log", "true or false", "false", "Log lines as JSON.", (o, text) => Boolean(text, value => o.JsonLog = value)) { IsFlag = true },
        new("log-level", "trace, debug, information, warning or error", "information", "Least important log lines shown.", (o, text) => OneOf(text, ["trace", "debug", "information", "warning", "error"], value => o.LogLevel = Enum.Parse<LogLevel>(value, ignoreCase: true))),
    ];

    private static string? NotEmpty(string text, Action take)
    {
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
        {
            return "is not a path";
        }

        take();
        return null;
    }

    private static string? Integer(string text, int least, int most, Action<int> take) => Long(text, least, most, value => take((int)value));

    private static string? Long(string text, long least, long most, Action<long> take)
    {
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return "is not a whole number";
        }

        if (value < least || value > most)
        {
            return "is out of range";
        }

        take(value);
        return null;
    }

    private static string? Boolean(string text, Action<bool> take)
    {
        if (!bool.TryParse(text, out var value))
        {
            return "is neither true nor false";
        }

        take(value);
        return null;
    }

    private static string? Secret(string text, Action<string> take)
    {
        if (text.Length is < WebhookTarget.MinSecretLength or > WebhookTarget.MaxSecretLength)
        {
            return "is too short or too long";
        }

        take(text);
        return null;
    }

    private static string? OneOf(string text, string[] words, Action<string> take)
    {
        if (!words.Contains(text, StringComparer.Ordinal))
        {
            return "is none of the words";
        }

        take(text);
        return null;
    }

    /// <summary>A number with its unit: <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>.</summary>
    private static string? Duration(string text, TimeSpan least, TimeSpan most, Action<TimeSpan> take)
    {
        var seconds = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 0 };
        if (seconds == 0 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return "is not a number with s, m, h or d";
        }

        var value = TimeSpan.FromSeconds((double)count * seconds);
        if (value < least || value > most)
        {
            return "is out of range";
        }

        take(value);
        return null;
    }

    private static string? Url(string text, string word, string[] schemes, Action<string> take)
    {
        if (text != word && !(Uri.TryCreate(text, UriKind.Absolute, out var url) && schemes.Contains(url.Scheme, StringComparer.Ordinal) && url.Host.Length > 0))
        {
            return "is not understood";
        }

        take(text);
        return null;
    }

    // It goes into certificates for years: nothing but what a client needs, and spelled in one way. --pki-port stands before it in the table.
    private static string? PkiUrl(ServerOptions options, string text)
    {
        if (text.Length > MaxPkiUrl || text.AsSpan().ContainsAnyExceptInRange('!', '~') || text.AsSpan().ContainsAny('?', '#', '\\')
            || !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Host.Length == 0 || url.UserInfo.Length > 0)
        {
            return "is not understood";
        }

        if (url.Scheme != Uri.UriSchemeHttp)
        {
            return "is not plain HTTP, which is what clients follow (RFC 5280 §8)";
        }

        if (options.PkiPort is null)
        {
            return "names what is closed without --pki-port";
        }

        options.Provisioning = options.Provisioning with { PkiUrl = url.AbsoluteUri.TrimEnd('/') };
        return null;
    }

    private static string? AddAlarms(ServerOptions options, string text)
    {
        var days = text.Split(',').Select(each => int.TryParse(each.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0).ToArray();
        if (days.Length > CertificateAlarmOptions.MaxThresholds || days.Any(each => each is < 1 or > CertificateAlarmOptions.MaxDays))
        {
            return "is not a list of days";
        }

        options.CertificateAlarms = options.CertificateAlarms with { Days = days };
        return null;
    }

    private static string? AddKeyStore(ServerOptions options, string text)
    {
        var problem = KeyStoreAddress.TryParse(text, out var address);
        if (problem is null)
        {
            options.KeyStores.Add(address);
        }

        return problem;
    }

    private static string? AddHostName(ServerOptions options, string text)
    {
        var kind = Uri.CheckHostName(text);
        if (kind == UriHostNameType.Unknown || text.Length > 253)
        {
            return "is not a host name";
        }

        options.HostNames.Add(text.ToLowerInvariant());
        return null;
    }

    private static string? AddAddress(ServerOptions options, string text)
    {
        if (!IPAddress.TryParse(text, out var address))
        {
            return "is not an IP address";
        }

        options.Addresses.Add(address);
        return null;
    }
}
