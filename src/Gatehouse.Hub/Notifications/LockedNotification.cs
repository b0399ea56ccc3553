namespace Gatehouse.Hub.Notifications;

/// <summary>A notification in a receiver's hands: it must be completed before the lock ends, or it is delivered again.</summary>
public sealed record LockedNotification
{
    public required Guid LockToken { get; init; }

    public required long SequenceNumber { get; init; }

    public required DateTimeOffset EnqueuedTime { get; init; }

    /// <summary>Deliveries that were abandoned before this one.</summary>
    public required int DeliveryCount { get; init; }

    /// <summary>JSON, UTF-8.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }
}
