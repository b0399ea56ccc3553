using Gatehouse.Transport.Amqp.Sessions;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Links;

/// <summary>A link about which a door is deciding. It remembers the credit that the peer gave meanwhile.</summary>
internal sealed class PendingLink : AmqpLink
{
    internal PendingLink(AmqpSession session, Attach attach)
        : base(session, attach)
    {
        Attach = attach;
        State = LinkState.Attaching;
    }

    /// <summary>What the peer asked for; given up when the link is refused, because the handle may stay in use for long.</summary>
    internal Attach? Attach { get; private set; }

    internal Flow? Flow { get; set; }

    /// <summary>The door takes links from peers that have proved nothing.</summary>
    internal bool IsOpenToAll { get; set; }

    internal override void Release() => Attach = null;

    private protected override void OnClosed()
    {
    }
}
