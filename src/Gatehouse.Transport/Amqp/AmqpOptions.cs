namespace Gatehouse.Transport.Amqp;

/// <summary>Limits of AMQP connections. Sources: AMQP 1.0 §2.7, device-plane §2.2 of the wire reference; ours where neither says a number.</summary>
public sealed record AmqpOptions
{
    /// <summary>Largest frame taken and sent. Bytes, 4,096–1,048,576, default 65,536 (the service's). Larger: <c>amqp:connection:framing-error</c>.</summary>
    public int MaxFrameBytes { get; init; } = 65_536;

    /// <summary>Largest SASL frame taken. Bytes, 512–65,536, default 16,384: the specification's 512 is too small for a SAS token.</summary>
    public int MaxSaslFrameBytes { get; init; } = 16_384;

    /// <summary>Sessions of one connection. 1–65,536, default 8,192: the C# SDK pools up to 995 devices with a session each.</summary>
    public int MaxSessions { get; init; } = 8_192;

    /// <summary>Links of one session. 4–65,536, default 1,024.</summary>
    public int MaxLinksPerSession { get; init; } = 1_024;

    /// <summary>Links of one connection. 16–1,000,000, default 16,384.</summary>
    public int MaxLinks { get; init; } = 16_384;

    /// <summary>Longest name of a link, which is kept as long as the link is. Characters, 64–65,536, default 512. Longer: the session ends with <c>amqp:invalid-field</c>.</summary>
    public int MaxLinkNameCharacters { get; init; } = 512;

    /// <summary>Sessions, and links, before the peer proved anything. 1–1,000, default 8.</summary>
    public int MaxUnauthenticatedLinks { get; init; } = 8;

    /// <summary>Attaches that a door is still deciding about; more wait unread. 1–10,000, default 64.</summary>
    public int MaxPendingAttaches { get; init; } = 64;

    /// <summary>Transfers of one session that may be on their way to us. 16–1,000,000, default 5,000.</summary>
    public uint IncomingWindow { get; init; } = 5_000;

    /// <summary>Bytes of unfinished and postponed messages of one connection; reading waits above it. 1–256 MiB, default 4 MiB.</summary>
    public int MaxHeldBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes waiting for a peer that does not read: above this nothing more is read from it or offered to it. 16 KiB–16 MiB, default 256 KiB.</summary>
    public int HighWaterBytes { get; init; } = 256 * 1024;

    /// <summary>Bytes waiting at which the connection is cut: settlements may add to the high-water mark, nothing else can. 64 KiB–64 MiB, default 2 MiB.</summary>
    public int MaxWaitingBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>Deliveries of one session that were sent and not settled yet. 1–100,000, default 2,048.</summary>
    public int MaxUnsettled { get; init; } = 2_048;

    /// <summary>Idle time-out that is announced; the peer is cut after one and a half of it. 10 s–1 h, default 4 min (the service's).</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>How long a connection may be open with no proof that still holds. 1 s–10 min, default 60 s.</summary>
    public TimeSpan UnprovedTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether each link remembers the address of its node, for <see cref="Links.LinkFaults"/>. Default false: it costs memory.</summary>
    public bool KeepLinkAddresses { get; init; }
}
