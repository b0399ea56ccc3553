using Gatehouse.Transport.Amqp.Links;

namespace Gatehouse.Transport.Amqp;

/// <summary>A door's nodes on AMQP connections: one connection may carry links of several doors, each link's address decides.</summary>
public interface IAmqpDoor
{
    /// <summary>True for the one node that needs no proof: <c>$cbs</c>, where proofs are brought. A link of any other door proves its peer known.</summary>
    bool IsOpenToAll => false;

    /// <summary>Whether the address is one of this door's; pure and quick. The first door that says yes decides about the link.</summary>
    bool Serves(LinkRequest request);

    /// <summary>Decides about a link. Nothing of the connection waits for it but this link; cancelled when the link or the connection is gone.</summary>
    ValueTask<LinkDecision> AttachAsync(LinkRequest request, CancellationToken cancellationToken);
}
