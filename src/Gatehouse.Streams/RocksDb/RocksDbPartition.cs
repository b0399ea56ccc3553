using System.Buffers.Binary;
using System.Text;
using Gatehouse.Streams.Log;
using Gatehouse.Streams.RocksDb.Library;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Streams.RocksDb;

/// <summary>The blocks of one partition. Key: number of the hub (4 bytes), first sequence number of the block (8 bytes), both big endian.</summary>
internal sealed class RocksDbPartition(RocksDbBlockStore store, string hub, uint number, int index, ILogger log) : IPartitionBlocks
{
    internal const int KeyLength = 12;

    // The kept tail, and the same with the commit that is being written. Both belong to the commit thread once the log is open.
    private PartitionTail tail = PartitionTail.Empty;
    private PartitionTail writing = PartitionTail.Empty;
    private long lastBlock = -1;
    private long first;

    internal int Index { get; } = index;

    internal void WriteKey(Span<byte> key, long sequenceNumber)
    {
        BinaryPrimitives.WriteUInt32BigEndian(key, number);
        BinaryPrimitives.WriteInt64BigEndian(key[4..], sequenceNumber);
    }

    /// <summary>Finds the ends after opening. A damaged last block is set aside under its own name, for an inspection, and the numbering goes on before it.</summary>
    internal void Restore(RocksDbFile file)
    {
        using var cursor = Open(file);
        while (cursor.SeekAtOrBefore(long.MaxValue))
        {
            var damage = BlockHeader.Verify(cursor.Value, out var header);
            if (damage is null && header.First == cursor.First)
            {
                lastBlock = header.First;
                tail = writing = header.Tail;
                first = cursor.SeekAtOrAfter(0) ? cursor.First : tail.Next;
                return;
            }

            log.TailSetAside(hub, Index, cursor.First, damage ?? "not at its place");
            SetAside(file, cursor.First, cursor.Value.ToArray());
            cursor.Refresh();
        }
    }

    /// <summary>Numbers a block that is about to be written.</summary>
    internal void Take(PendingBlock block, long now, long writer)
    {
        block.Seal(writing, now, writer);
        writing = block.Header.Tail;
    }

    /// <summary>The block is durable.</summary>
    internal void Keep(in BlockHeader header)
    {
        tail = header.Tail;
        Volatile.Write(ref lastBlock, header.First);
    }

    internal void RemoveBehindTail(WriteBatch batch, RocksDbFile file)
    {
        writing = tail;
        batch.DeleteRange(Key(tail.Next), Key(long.MaxValue), file.Family(Index));
    }

    public ValueTask<PartitionEnds> GetEndsAsync(CancellationToken cancellationToken) => ValueTask.FromResult(new PartitionEnds(first, tail));

    public ValueTask<byte[]?> ReadAsync(long sequenceNumber, CancellationToken cancellationToken) => ValueTask.FromResult(store.Use(file => Read(file, sequenceNumber)));

    public ValueTask<long> FindAsync(BlockField field, long value, CancellationToken cancellationToken) => ValueTask.FromResult(store.Use(file => Find(file, field, value)));

    public ValueTask TrimAsync(long sequenceNumber, CancellationToken cancellationToken)
    {
        store.Use(file => Trim(file, Math.Min(sequenceNumber, Volatile.Read(ref lastBlock))));
        return ValueTask.CompletedTask;
    }

    private BlockCursor Open(RocksDbFile file) => new(file.Rows.NewIterator(file.Family(Index)), number);

    private byte[] Key(long sequenceNumber)
    {
        var key = new byte[KeyLength];
        WriteKey(key, sequenceNumber);
        return key;
    }

    private byte[]? Read(RocksDbFile file, long sequenceNumber)
    {
        using var cursor = Open(file);
        var found = cursor.SeekAtOrBefore(sequenceNumber) || cursor.SeekAtOrAfter(sequenceNumber);
        while (found)
        {
            var block = cursor.Value;
            var damage = BlockHeader.Verify(block, out var header);
            if (damage is null && header.End > sequenceNumber)
            {
                return block.ToArray();
            }

            if (damage is not null)
            {
                log.BlockDamaged(hub, Index, cursor.First, damage);
            }

            found = cursor.MoveNext();
        }

        return null;
    }

    /// <summary>Search by halves over sequence numbers: any of them leads to its block, whose field decides on which side to go on.</summary>
    private long Find(RocksDbFile file, BlockField field, long value)
    {
        using var cursor = Open(file);
        if (!cursor.SeekAtOrAfter(0))
        {
            return 0;
        }

        var low = cursor.First;
        if (IsAtLeast(cursor.Value, field, value, out _))
        {
            return low;
        }

        cursor.SeekAtOrBefore(long.MaxValue);
        var high = BlockHeader.TryRead(cursor.Value, out var last) ? last.End : cursor.First + 1;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            cursor.SeekAtOrBefore(middle);
            if (IsAtLeast(cursor.Value, field, value, out var end))
            {
                high = Math.Max(low, cursor.First);
            }
            else
            {
                // A damaged block has no end to believe in; it counts as before the value.
                low = Math.Max(middle + 1, end);
            }
        }

        return low;
    }

    private static bool IsAtLeast(ReadOnlySpan<byte> block, BlockField field, long value, out long end)
    {
        var sound = BlockHeader.TryRead(block, out var header);
        end = sound ? header.End : 0;
        return sound && (field == BlockField.Time ? header.Time : header.StartBytes) >= value;
    }

    private bool Trim(RocksDbFile file, long before)
    {
        if (before <= 0)
        {
            return false;
        }

        // Whole files go at once and give their space back; the range covers what lies in files that are also needed.
        var (from, to, family) = (Key(0), Key(before), file.Family(Index));
        file.Rows.DeleteFilesInRange(from, to, family);
        using var batch = new WriteBatch();
        batch.DeleteRange(from, to, family);
        file.Rows.Write(batch, isSynced: false);
        return true;
    }

    private void SetAside(RocksDbFile file, long sequenceNumber, byte[] block)
    {
        using var batch = new WriteBatch();
        batch.Put(Encoding.UTF8.GetBytes($"damaged:{hub}:{Index}:{sequenceNumber}"), block);
        batch.Delete(Key(sequenceNumber), file.Family(Index));
        file.Rows.Write(batch, isSynced: true);
    }
}
