namespace Gatehouse.Sinks;

/// <summary>A routed event.</summary>
/// <param name="SequenceNumber">Within the partition of the endpoint's queue; the same event has the same number when it is sent again.</param>
/// <param name="EnqueuedTime">When the hub took the event in.</param>
/// <param name="Record">An event record (Contracts/Telemetry/EventWriter).</param>
public readonly record struct SinkEvent(long SequenceNumber, DateTimeOffset EnqueuedTime, ReadOnlyMemory<byte> Record)
{
    /// <summary>When it came into the endpoint's queue.</summary>
    public DateTimeOffset QueuedTime { get; init; }
}
