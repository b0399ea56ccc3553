namespace Gatehouse.Hub.CloudToDevice;

/// <summary>A message in a device's hands: it must be settled before the lock ends, or it is delivered again.</summary>
public sealed record LockedMessage
{
    public required Guid LockToken { get; init; }

    public required DateTimeOffset LockedUntil { get; init; }

    /// <summary>Per device, increasing.</summary>
    public required long SequenceNumber { get; init; }

    public required DateTimeOffset EnqueuedTime { get; init; }

    /// <summary>Deliveries that were abandoned before this one.</summary>
    public required int DeliveryCount { get; init; }

    public required CloudMessage Message { get; init; }
}
