using System.Net;
using Gatehouse.Transport.Amqp.Connections;
using Gatehouse.Transport.Amqp.Sasl;

namespace Gatehouse.Transport.Amqp;

/// <summary>Serves AMQP 1.0 on every connection that the front door accepts for it, for all doors.</summary>
public sealed class AmqpHandler : IConnectionHandler
{
    private readonly AmqpParts parts;

    internal AmqpHandler(AmqpParts parts) => this.parts = parts;

    public async Task RunAsync(ClientConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using var proofs = parts.Proofs.Open(connection.Peer.Traits(), (connection.Peer.RemoteEndPoint as IPEndPoint)?.Address, connection.Peer.Certificate);
        var peer = new AmqpPeer(connection.Peer, proofs);
        if (await new Negotiation(connection, parts, peer).RunAsync())
        {
            await new AmqpConnection(connection, parts, peer).RunAsync();
        }
    }
}
