namespace Gatehouse.Transport.Admission;

/// <summary>Limits on connections. Source of the numbers: design invariant 3 and 10; ours where the service documents none.</summary>
public sealed record ConnectionLimits
{
    /// <summary>Connections of all kinds together. Default 100,000; the process's limit of open files less 1,024 lowers it.</summary>
    public int MaxConnections { get; init; } = 100_000;

    /// <summary>Connections whose peer is not known yet. Default 4,096.</summary>
    public int MaxUnauthenticated { get; init; } = 4_096;

    /// <summary>Connections of one address (IPv6: one /64) whose peer is not known yet. Default 512: many devices share one NAT address.</summary>
    public int MaxUnauthenticatedPerAddress { get; init; } = 512;

    /// <summary>Time for TLS and CONNECT together. Default 15 s.</summary>
    public TimeSpan AuthenticationTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes a peer may send, after TLS, before it is known. Default 32,768: a CONNECT with the longest token fits many times.</summary>
    public int MaxUnauthenticatedBytes { get; init; } = 32 * 1024;

    /// <summary>Handshakes computing at once; others wait in order, so that known peers keep the processor. Default: number of processors, at least 2.</summary>
    public int MaxHandshakesComputing { get; init; } = Math.Max(2, Environment.ProcessorCount);

    /// <summary>Bytes of one WebSocket message, all its frames together. Default 1 MiB; an MQTT packet may span messages.</summary>
    public int MaxWebSocketMessageBytes { get; init; } = 1024 * 1024;

    /// <summary>Time for the head of one HTTP request. Default 15 s.</summary>
    public TimeSpan HttpHeadersTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long an HTTP connection may rest between requests. Default 120 s.</summary>
    public TimeSpan HttpKeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Bytes of one HTTP request body, unless an endpoint says otherwise. Default 4 MiB.</summary>
    public long MaxHttpBodyBytes { get; init; } = 4 * 1024 * 1024;
}
