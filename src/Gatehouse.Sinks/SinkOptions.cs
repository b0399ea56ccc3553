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

    /// <summary>Bytes of records in one blob of one partition, whatever larger size the endpoint asks for. They are in memory only while it is written.</summary>
    /// <remarks>1–64 MiB, default 16 MiB. Source: own.</remarks>
    public int MaxBlobBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Bytes of records that all deliveries of the server hold at once, of all endpoints and partitions; the others wait. What is made of them for the wire takes about as much again.</summary>
    /// <remarks>1 MiB–64 GiB, default 64 MiB. One endpoint holds half of it at most, those that fail half of it together; a batch that is larger goes when nothing else does. Source: own.</remarks>
    public long MaxMemoryBytes { get; init; } = 64L << 20;

    /// <summary>Throws when a value is outside its range; the message names the option, the value and what is allowed.</summary>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public void Validate()
    {
        Require(Timeout >= TimeSpan.FromSeconds(1) && Timeout <= TimeSpan.FromSeconds(300), nameof(Timeout), Timeout, "1 s to 300 s");
        Require(MaxEvents is >= 1 and <= 1000, nameof(MaxEvents), MaxEvents, "1 to 1000");
        Require(MaxBytes is >= 1024 and <= 16 << 20, nameof(MaxBytes), MaxBytes, "1 KiB to 16 MiB");
        Require(MaxBlobBytes is >= 1 << 20 and <= 64 << 20, nameof(MaxBlobBytes), MaxBlobBytes, "1 MiB to 64 MiB");
        Require(MaxMemoryBytes is >= 1L << 20 and <= 64L << 30, nameof(MaxMemoryBytes), MaxMemoryBytes, "1 MiB to 64 GiB");
    }

    private static void Require(bool holds, string name, object value, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} is {value}; allowed: {allowed}.");
        }
    }
}
