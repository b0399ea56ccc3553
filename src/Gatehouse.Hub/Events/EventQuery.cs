using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Events;

/// <summary>What a reader wants.</summary>
public sealed record EventQuery
{
    /// <summary>Must exist.</summary>
    public string ConsumerGroup { get; init; } = Events.ConsumerGroup.DefaultName;

    /// <summary>Null for all partitions. Sequence numbers and offsets belong to one partition and need it.</summary>
    public int? Partition { get; init; }

    public EventPosition From { get; init; } = new EventPosition.Latest();

    /// <summary>Only events of this device and its modules; null for all.</summary>
    public DeviceId? Device { get; init; }

    /// <summary>Only events of this module; needs <see cref="Device"/>.</summary>
    public ModuleId? Module { get; init; }
}
