using Gatehouse.Contracts.Credentials;
using Gatehouse.Transport.Amqp.Sasl;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Amqp;

/// <summary>What every AMQP connection works with.</summary>
internal sealed record AmqpParts
{
    public required AmqpOptions Options { get; init; }

    /// <summary>Asked in order about each link.</summary>
    public required IReadOnlyList<IAmqpDoor> Doors { get; init; }

    public required IPeerProofSource Proofs { get; init; }

    /// <summary>Peers beside the hub's identities; null when there are none.</summary>
    public ISaslRealm? Realm { get; init; }

    public required AmqpMetrics Metrics { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Log { get; init; }
}
