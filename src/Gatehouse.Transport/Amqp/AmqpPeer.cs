using System.Collections.Concurrent;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp;

/// <summary>The other side of an AMQP connection, as doors see it.</summary>
public sealed class AmqpPeer
{
    private readonly ConcurrentDictionary<Type, object> kept = new();

    internal AmqpPeer(PeerInfo info, IPeerProofs proofs) => (Info, Proofs) = (info, proofs);

    public PeerInfo Info { get; }

    public IPeerProofs Proofs { get; }

    /// <summary>Host name of its open; the TLS host when that is absent; empty when both are.</summary>
    public string HostName { get; internal set; } = "";

    public string ContainerId { get; internal set; } = "";

    /// <summary>Properties of its open; null when there were none.</summary>
    public AmqpMap? Properties { get; internal set; }

    /// <summary>Whether it ever proved anything.</summary>
    internal bool IsProved { get; private set; }

    /// <summary>Set by the connection: something is proved now.</summary>
    internal Action? Proved { get; set; }

    internal void MarkProved()
    {
        IsProved = true;
        Proved?.Invoke();
    }

    /// <summary>A door's own state of this connection, made at first use.</summary>
    public T Keep<T>(Func<AmqpPeer, T> make)
        where T : class =>
        (T)kept.GetOrAdd(typeof(T), static (_, made) => made.make(made.peer), (make, peer: this));
}
