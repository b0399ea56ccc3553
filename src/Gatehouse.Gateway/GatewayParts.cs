using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Gateway.Amqp;
using Gatehouse.Gateway.Faults;
using Gatehouse.Gateway.Sessions;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Connections;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Hub.Throttling;
using Gatehouse.Hub.Twins;
using Gatehouse.Identity;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Gateway;

/// <summary>What every session works with.</summary>
internal sealed record GatewayParts
{
    public required GatewayOptions Options { get; init; }

    public required DeviceAuthenticator Authenticator { get; init; }

    public required ICredentialSource Credentials { get; init; }

    public required RefusalBackoff Backoff { get; init; }

    public required IRefusalLog Refusals { get; init; }

    public required TelemetryIntake Telemetry { get; init; }

    public required ICredentialUses Uses { get; init; }

    public required Throttles Throttles { get; init; }

    public required ConnectionStates States { get; init; }

    public required ConnectionWriter StateWriter { get; init; }

    public required DirectMethods Methods { get; init; }

    public required Twins Twins { get; init; }

    public required CloudToDeviceMessages DeviceMessages { get; init; }

    /// <summary>Null: off, and nothing is looked at.</summary>
    public FaultInjection? Faults { get; init; }

    /// <summary>Null: no provisioning service is here, and certificates are not renewed.</summary>
    public ICertificateRenewal? Renewal { get; init; }

    public required LinkOwners Links { get; init; }

    public required LiveSessions Sessions { get; init; }

    public required GatewayMetrics Metrics { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Log { get; init; }
}
