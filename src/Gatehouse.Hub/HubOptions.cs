using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Configurations;
using Gatehouse.Hub.Credentials;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.ImportExport;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Notifications;
using Gatehouse.Hub.Queries;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Hub.Throttling;
using Gatehouse.Hub.Twins;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Sinks;

namespace Gatehouse.Hub;

/// <summary>Settings of the room, one record per feature.</summary>
public sealed record HubOptions
{
    /// <summary>Name of the hub that the first start creates. Default <c>gatehouse</c>.</summary>
    public string FirstHub { get; init; } = "gatehouse";

    /// <summary>Host names that the first hub answers to, the hub's own first; without port. Default <c>localhost</c>, <c>127.0.0.1</c>, <c>::1</c>.</summary>
    /// <remarks>Names of earlier starts stay (other nodes may use the same store). The server puts <c>--host-name</c> and the machine's name here.</remarks>
    public IReadOnlyList<string> HostNames { get; init; } = ["localhost", "127.0.0.1", "::1"];

    /// <summary>Host that the name of a trust log begins with; it need not be reachable. Default <c>localhost</c>.</summary>
    public string TrustLogHost { get; init; } = "localhost";

    public RegistryOptions Registry { get; init; } = new();

    public PolicyOptions Policies { get; init; } = new();

    public CertificateOptions Certificates { get; init; } = new();

    public EventOptions Events { get; init; } = new();

    public CloudToDeviceOptions CloudToDevice { get; init; } = new();

    /// <summary>Feedback on messages to devices.</summary>
    public NotificationOptions Feedback { get; init; } = new();

    public NotificationOptions FileNotifications { get; init; } = new();

    public Files.FileOptions Files { get; init; } = new();

    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>Limits of rate.</summary>
    public ThrottleOptions Throttling { get; init; } = new();

    public TwinOptions Twins { get; init; } = new();

    public QueryOptions Queries { get; init; } = new();

    public JobOptions Jobs { get; init; } = new();

    public ImportExportOptions ImportExport { get; init; } = new();

    public RoutingOptions Routing { get; init; } = new();

    /// <summary>Of deliveries to custom endpoints, and of imports and exports.</summary>
    public SinkOptions Sinks { get; init; } = new();

    public ConfigurationOptions Configurations { get; init; } = new();

    public MethodOptions Methods { get; init; } = new();

    /// <summary>Lists of what is revoked.</summary>
    public RevocationOptions Revocations { get; init; } = new();

    public CredentialOptions Credentials { get; init; } = new();

    /// <summary>Tracking of who uses which credential.</summary>
    public UseOptions Uses { get; init; } = new();
}
