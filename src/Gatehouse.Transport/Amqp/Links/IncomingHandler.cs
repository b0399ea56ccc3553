namespace Gatehouse.Transport.Amqp.Links;

/// <summary>Takes the messages of one link. Calls for one link come one at a time, in order; never under a lock of the connection.</summary>
public abstract class IncomingHandler
{
    /// <summary>The link; set before the first call.</summary>
    protected internal IncomingLink Link { get; internal set; } = null!;

    /// <summary>The link is attached; once. From here on it can be detached. Other calls may come beside this one, also <see cref="OnClosed"/>.</summary>
    public virtual void OnAttached()
    {
    }

    /// <summary>Takes one message: settle it later through <see cref="IncomingLink.Settle"/>, unless it came settled. Its bytes are good until the call returns.</summary>
    /// <returns>False: not now. The engine keeps the message, gives no new credit, and offers it again after <see cref="IncomingLink.Resume"/>.</returns>
    public abstract bool TryTake(in IncomingMessage message);

    /// <summary>The link is gone, for whatever reason; once.</summary>
    public virtual void OnClosed()
    {
    }
}

/// <summary>One message, whole.</summary>
/// <param name="Bytes">Its sections, encoded.</param>
/// <param name="Format">0, or <c>0x80013700</c> for a batch.</param>
/// <param name="DeliveryId">For <see cref="IncomingLink.Settle"/>.</param>
/// <param name="IsSettled">The peer wants no outcome.</param>
public readonly record struct IncomingMessage(ReadOnlyMemory<byte> Bytes, uint Format, uint DeliveryId, bool IsSettled);
