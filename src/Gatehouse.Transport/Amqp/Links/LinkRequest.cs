using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Links;

/// <summary>A link that the peer wants to attach.</summary>
public sealed class LinkRequest
{
    public required AmqpPeer Peer { get; init; }

    /// <summary>The node: target of a link on which the peer sends, source of one on which it receives.</summary>
    public required AmqpAddress Address { get; init; }

    /// <summary>True when messages come from the peer.</summary>
    public required bool PeerSends { get; init; }

    /// <summary>The peer's attach: name, properties, capabilities, settle modes.</summary>
    public required Attach Attach { get; init; }

    /// <summary>The terminus that holds the address, with its filters.</summary>
    public required Terminus Terminus { get; init; }

    /// <summary>Address of the peer's own end (reply-to of request/response pairs); null when it has none.</summary>
    public string? PeerEnd { get; init; }

    /// <summary>Number of the session, for pairing links of one session.</summary>
    public required ushort Channel { get; init; }
}
