namespace Gatehouse.Hub.Events;

/// <summary>Limits of event reading.</summary>
public sealed record EventOptions
{
    /// <summary>Consumer groups per hub beside <c>$Default</c>.</summary>
    /// <remarks>0–1000, default 20. One more: GenericConflict. Source: IoT Hub "Built-in endpoint" page.</remarks>
    public int MaxConsumerGroups { get; init; } = 20;

    /// <summary>Event streams that may be open at once per hub.</summary>
    /// <remarks>1–10000, default 32. One more: ThrottlingException. Each holds at most one read of the log (4 MiB) in memory. Source: own.</remarks>
    public int MaxReadersPerHub { get; init; } = 32;

    /// <summary>Events taken from a partition at once.</summary>
    /// <remarks>1–10000, default 256. The log bounds the bytes of one read besides. Source: own.</remarks>
    public int MaxEventsPerRead { get; init; } = 256;

    /// <summary>Partition readers (AMQP receivers) that may be open at once per hub.</summary>
    /// <remarks>1–10000, default 1000: one per partition and group of the largest hub. One more: refused. Each holds at most one block of the log (256 KiB) in memory. Source: own.</remarks>
    public int MaxPartitionReadersPerHub { get; init; } = 1_000;

    /// <summary>How long a reader that asks for a position behind the last event waits for it to come, before it is refused.</summary>
    /// <remarks>0–10 s, default 1 s: with several nodes the event may be known to another one already. Source: own.</remarks>
    public TimeSpan PositionPatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Partitions of a hub's event log; fixed once the log exists.</summary>
    /// <remarks>2–32, default 4. Source: IoT Hub "Built-in endpoint" page.</remarks>
    public int PartitionCount { get; init; } = 4;

    /// <summary>Longest silence of an open stream; a heart-beat ends it.</summary>
    /// <remarks>1 s–60 s, default 15 s: below the idle time-outs of common proxies (60 s). Source: own.</remarks>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);
}
