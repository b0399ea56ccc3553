namespace Gatehouse.Hub.Events;

/// <summary>A reader that follows one partition, as Event Hubs clients open it.</summary>
public sealed record ReaderRequest
{
    /// <summary>Must exist.</summary>
    public required string ConsumerGroup { get; init; }

    /// <summary>0 … partition count − 1.</summary>
    public required int Partition { get; init; }

    public required EventPosition From { get; init; }

    /// <summary>Owner level ("epoch"), 0 or more; null: shares the partition with up to four others.</summary>
    public long? OwnerLevel { get; init; }
}
