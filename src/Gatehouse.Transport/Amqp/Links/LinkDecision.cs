using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Links;

/// <summary>What a door decides about a link.</summary>
public abstract record LinkDecision
{
    private LinkDecision()
    {
    }

    /// <summary>The peer sends, the handler takes.</summary>
    /// <param name="Handler">A new one for each link.</param>
    public sealed record Receive(IncomingHandler Handler) : LinkDecision
    {
        /// <summary>Deliveries that the peer may have under way; 1–10,000, default 200.</summary>
        public uint Credit { get; init; } = 200;

        /// <summary>Largest message, enforced while it is put together. Bytes, default 262,144 and something for its sections.</summary>
        public int MaxMessageBytes { get; init; } = 256 * 1024;

        /// <summary>Largest message announced, at most <see cref="MaxMessageBytes"/>; null, the default: the same. What lies between is offered to the handler,
        /// whose outcome tells the peer: a message that is a little too large costs it no link.</summary>
        public int? AnnouncedBytes { get; init; }
    }

    /// <summary>The handler sends, the peer receives.</summary>
    /// <param name="Handler">A new one for each link.</param>
    public sealed record Send(OutgoingHandler Handler) : LinkDecision;

    /// <summary>No: attach with a null terminus, then detach with the error, as the specification has it (§2.6.3).</summary>
    public sealed record Refuse(AmqpError Error) : LinkDecision;

    /// <summary>A full attach, then a detach with the error: what clients follow as a redirect.</summary>
    public sealed record Redirect(AmqpError Error) : LinkDecision;
}
