using System.Buffers.Binary;
using Gatehouse.Streams.RocksDb.Library;

namespace Gatehouse.Streams.RocksDb;

/// <summary>A RocksDB iterator that sees only the blocks of one hub in one partition.</summary>
internal readonly struct BlockCursor(RowIterator iterator, uint number) : IDisposable
{
    /// <summary>First sequence number of the block, as its key says.</summary>
    internal long First => BinaryPrimitives.ReadInt64BigEndian(iterator.Key[4..]);

    /// <summary>Valid until the cursor moves.</summary>
    internal ReadOnlySpan<byte> Value => iterator.Value;

    /// <summary>To the last block that starts at or before the number.</summary>
    internal bool SeekAtOrBefore(long sequenceNumber)
    {
        Span<byte> key = stackalloc byte[RocksDbPartition.KeyLength];
        WriteKey(key, sequenceNumber);
        iterator.SeekForPrevious(key);
        return IsOnBlock();
    }

    /// <summary>To the first block that starts at or after the number.</summary>
    internal bool SeekAtOrAfter(long sequenceNumber)
    {
        Span<byte> key = stackalloc byte[RocksDbPartition.KeyLength];
        WriteKey(key, sequenceNumber);
        iterator.Seek(key);
        return IsOnBlock();
    }

    internal bool MoveNext()
    {
        iterator.Next();
        return IsOnBlock();
    }

    /// <summary>Sees what was written since the cursor was opened.</summary>
    internal void Refresh() => iterator.Refresh();

    public void Dispose() => iterator.Dispose();

    private bool IsOnBlock()
    {
        if (iterator.IsValid)
        {
            var key = iterator.Key;
            return key.Length == RocksDbPartition.KeyLength && BinaryPrimitives.ReadUInt32BigEndian(key) == number;
        }

        // The end and an unreadable file look alike until the error is asked for; it throws.
        iterator.ThrowIfFailed();
        return false;
    }

    private void WriteKey(Span<byte> key, long sequenceNumber)
    {
        BinaryPrimitives.WriteUInt32BigEndian(key, number);
        BinaryPrimitives.WriteInt64BigEndian(key[4..], sequenceNumber);
    }
}
