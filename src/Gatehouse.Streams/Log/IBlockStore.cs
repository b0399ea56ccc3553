namespace Gatehouse.Streams.Log;

/// <summary>Where blocks are kept: RocksDB or NATS JetStream. What is common to both (gathering, telling, waiting, retention) is not in here.</summary>
internal interface IBlockStore : IAsyncDisposable
{
    /// <summary>Whether other nodes append and trim too, so that the ends of partitions must be looked at now and then.</summary>
    bool IsShared { get; }

    /// <summary>Opens or creates the partitions of a hub. A hub that exists keeps its partition count.</summary>
    /// <param name="hub">Hub name.</param>
    /// <param name="partitionCount">Counts only at creation.</param>
    /// <param name="advanced">To be called when another node appended: partition index and new tail.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<IReadOnlyList<IPartitionBlocks>> OpenAsync(string hub, int partitionCount, Action<int, PartitionTail> advanced, CancellationToken cancellationToken);

    /// <summary>Numbers the blocks and makes them durable, in order per partition. Blocks that could not be stored get <see cref="PendingBlock.Error"/>; an exception means all of them.</summary>
    void Write(IReadOnlyList<PendingBlock> blocks, long now);

    /// <summary>After a failed write: makes sure that nothing half-written can be taken for stored, and that writing works again; throws when it does not.</summary>
    void Recover();
}

/// <summary>The kept blocks of one partition.</summary>
internal interface IPartitionBlocks
{
    /// <summary>The ends as they lie in the store.</summary>
    ValueTask<PartitionEnds> GetEndsAsync(CancellationToken cancellationToken);

    /// <summary>The sound block that holds the sequence number, or else the next one; null when there is none.</summary>
    ValueTask<byte[]?> ReadAsync(long sequenceNumber, CancellationToken cancellationToken);

    /// <summary>First sequence number of the first block whose field is at least the value; one past the last event when there is none.</summary>
    ValueTask<long> FindAsync(BlockField field, long value, CancellationToken cancellationToken);

    /// <summary>Removes blocks that end before the sequence number. The last block always stays: it carries the numbering.</summary>
    ValueTask TrimAsync(long sequenceNumber, CancellationToken cancellationToken);
}

/// <summary>Fields that only grow from block to block, so that they can be searched by halves.</summary>
internal enum BlockField
{
    Time,
    StartBytes,
}

/// <summary>First kept sequence number (of the oldest block; the tail's next when there is none) and tail.</summary>
internal readonly record struct PartitionEnds(long First, PartitionTail Tail);
