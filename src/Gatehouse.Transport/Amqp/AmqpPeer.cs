using Gatehouse.Contracts.Credentials;
using Gatehouse.Transport.Amqp.Connections;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp;

/// <summary>The other side of an AMQP connection, as doors see it.</summary>
public sealed class AmqpPeer
{
    private readonly Lock gate = new();
    private object[] kept = [];

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

    /// <summary>Its connection, once the headers are over.</summary>
    internal AmqpConnection? Connection { get; set; }

    internal void MarkProved()
    {
        IsProved = true;
        Connection?.ForgetUnproved();
    }

    /// <summary>A door's own state of this connection, made at first use; one object for each type.</summary>
    /// <remarks>A few entries at most, on each of many idle connections: an array is a tenth of a dictionary.</remarks>
    public T Keep<T>(Func<AmqpPeer, T> make)
        where T : class
    {
        lock (gate)
        {
            foreach (var state in kept)
            {
                if (state is T found)
                {
                    return found;
                }
            }

            var made = make(this);
            kept = [.. kept, made];
            return made;
        }
    }
}
