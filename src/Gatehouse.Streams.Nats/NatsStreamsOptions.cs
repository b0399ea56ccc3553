using Gatehouse.Streams.Log;

namespace Gatehouse.Streams.Nats;

/// <summary>Streams on NATS JetStream, for several nodes. nats-server 2.9 or later, with JetStream on.</summary>
public sealed record NatsStreamsOptions
{
    /// <summary><c>nats://[user[:password]@]host[:port]</c>, or <c>tls://…</c> to insist on TLS; a user without a password is a token. Port 4222 when not given. Printed without what stands before the @.</summary>
    public required string Url { get; init; }

    /// <summary>File with NATS credentials (JWT and seed); null (default): what the URL says.</summary>
    public string? CredentialsFile { get; init; }

    /// <summary>File with the CA certificates that the NATS server is trusted by (PEM); null (default): the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>Copies of each stream, 1, 3 or 5, default 1. Power loss is survived only with 3 or 5, or with <c>sync_interval: always</c> (nats-server 2.10+): 2.9 flushes files to disk at intervals.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>How long a commit is retried over lost connections and server restarts before its records fail. Default 10 s.</summary>
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one request may take, connecting included. Default 2 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Limits and retention.</summary>
    public LogOptions Log { get; init; } = new();

    /// <summary>Without the secrets of the URL.</summary>
    public override string ToString() => $"NatsStreamsOptions {{ {NatsAddress.Parse(Url).Display} }}";
}
