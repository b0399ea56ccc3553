using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Links;

/// <summary>Feeds one link on which the peer receives. Never called under a lock of the connection.</summary>
public abstract class OutgoingHandler
{
    /// <summary>The link; set before the first call.</summary>
    protected internal OutgoingLink Link { get; internal set; } = null!;

    /// <summary>The link is attached; once. From here on it can be detached. Other calls may come beside this one, also <see cref="OnClosed"/>.</summary>
    public virtual void OnAttached()
    {
    }

    /// <summary>There may be credit and room now. Also called when the peer asks to drain. Must not block; may be called more often than needed, and from several threads.</summary>
    public abstract void OnCredit();

    /// <summary>The peer's word on a delivery that was sent unsettled. When <paramref name="isSettled"/> is false it waits for <see cref="OutgoingLink.Settle"/>.</summary>
    public virtual void OnOutcome(uint deliveryId, Outcome outcome, bool isSettled)
    {
    }

    /// <summary>The link is gone, for whatever reason; once.</summary>
    public virtual void OnClosed()
    {
    }
}
