namespace Gatehouse.Sinks;

/// <summary>Limits of deliveries to custom endpoints.</summary>
public sealed record SinkOptions
{
    /// <summary>Whether endpoints may lie at loopback, link-local and private addresses, and be reached without TLS.</summary>
    /// <remarks>Default false: whoever may define an endpoint could otherwise make the server call what only the server can reach. Source: own.</remarks>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>Longest time of one delivery, connecting included.</summary>
    /// <remarks>1–300 s, default 30 s. Source: own.</remarks>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Events of one call of a webhook, and of one round to an AMQP endpoint.</summary>
    /// <remarks>1–1000, default 100. Source: own.</remarks>
    public int MaxEvents { get; init; } = 100;

    /// <summary>Bytes of records in one call of a webhook, and in one round to an AMQP endpoint.</summary>
    /// <remarks>1 KiB–16 MiB, default 1 MiB. Source: own.</remarks>
    public int MaxBytes { get; init; } = 1024 * 1024;

    /// <summary>Bytes of records that are gathered in memory for one blob of one partition, whatever larger size the endpoint asks for.</summary>
    /// <remarks>1–64 MiB, default 16 MiB. Source: own.</remarks>
    public int MaxBlobBytes { get; init; } = 16 * 1024 * 1024;
}
