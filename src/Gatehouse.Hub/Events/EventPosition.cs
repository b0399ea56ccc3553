namespace Gatehouse.Hub.Events;

/// <summary>Where a reader starts in a partition.</summary>
public abstract record EventPosition
{
    private EventPosition()
    {
    }

    /// <summary>The oldest event that is kept.</summary>
    public sealed record Earliest : EventPosition;

    /// <summary>Only events that come after the stream was opened.</summary>
    public sealed record Latest : EventPosition;

    /// <param name="SequenceNumber">The first event to be read; 0 or more. Trimmed by retention: the oldest event that is kept.</param>
    public sealed record FromSequenceNumber(long SequenceNumber) : EventPosition;

    /// <param name="SequenceNumber">The last event that was read; the stream goes on with the next one. −1: from the oldest.</param>
    public sealed record AfterSequenceNumber(long SequenceNumber) : EventPosition;

    /// <param name="Offset">The last event that was read; the stream goes on with the next one, as Event Hubs readers do. −1: from the oldest.</param>
    public sealed record AfterOffset(long Offset) : EventPosition;

    /// <param name="Time">The first event enqueued at or after this time.</param>
    public sealed record FromTime(DateTimeOffset Time) : EventPosition;
}
