using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Events;

/// <summary>Follows one partition for one reader: stored records as they lie in the log, one block at a time. Used by one caller at a time; must be disposed.</summary>
/// <remarks>Nothing is kept for it beside the block that it gave last: a reader that stops holds nothing up.</remarks>
public sealed class PartitionReader : IDisposable
{
    private readonly IEventLog log;
    private readonly PartitionCursor cursor;
    private readonly OpenReader open;
    private readonly IDisposable slot;
    private readonly CancellationTokenSource ending = new();
    private readonly CancellationToken ended;
    private int isDisposed;

    internal PartitionReader(IEventLog log, PartitionCursor cursor, OpenReader open, IDisposable slot)
    {
        (this.log, this.cursor, this.open, this.slot) = (log, cursor, open, slot);
        ended = ending.Token;
    }

    public int Partition => cursor.Partition;

    /// <summary>Ends of the partition now.</summary>
    public PartitionState State => log.GetState(cursor.Partition);

    /// <summary>Calls once, from any thread, when the reader has to stop: another took over, or its consumer group was deleted. At once when that happened already.</summary>
    public void WhenEnded(Action<ReaderFault> action) => open.WhenEnded(action);

    /// <summary>The next events, in order; empty when there are none yet.</summary>
    public ValueTask<IReadOnlyList<StoredEvent>> ReadAsync(CancellationToken cancellationToken) => cursor.ReadBlockAsync(log, cancellationToken);

    /// <summary>Completes when there is something to read; cancelled by <see cref="Dispose"/>.</summary>
    public Task WaitAsync() => cursor.WaitAsync(log, ended);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 0)
        {
            open.Dispose();
            slot.Dispose();
            ending.Cancel();
            ending.Dispose();
        }
    }
}
