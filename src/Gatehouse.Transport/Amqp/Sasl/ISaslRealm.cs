namespace Gatehouse.Transport.Amqp.Sasl;

/// <summary>Peers that are no identities of a hub and prove themselves to somebody else: devices that register. What they prove lets them use that room's links and no others.</summary>
public interface ISaslRealm
{
    /// <summary>Whether a user name of PLAIN is one of the realm's; pure and quick.</summary>
    bool Owns(string userName);

    /// <summary>PLAIN with such a name.</summary>
    ValueTask<bool> ProveAsync(AmqpPeer peer, string userName, string password, CancellationToken cancellationToken);

    /// <summary>A new exchange of the mechanism <c>TPM</c>.</summary>
    SaslMechanism OpenTpm(AmqpPeer peer);
}
