using System.Buffers.Binary;

namespace Gatehouse.Streams.Log;

/// <summary>Head of a stored block: the records that one commit brought for one partition.</summary>
/// <remarks>
/// Little endian, 48 bytes: checksum of all that follows (4, CRC-32C), version (1), zero (3), first sequence number (8), enqueued time in Unix ms (8),
/// bytes stored in the partition before this block (8), writer (8), record count (4), payload length (4). The payload is, per record, its length (4) and its bytes.
/// </remarks>
internal readonly record struct BlockHeader(long First, long Time, long StartBytes, long Writer, int Count, int PayloadLength)
{
    internal const int Size = 48;
    internal const byte Version = 1;

    /// <summary>Bytes in front of each record.</summary>
    internal const int RecordPrefix = 4;

    /// <summary>Sequence number after the last record.</summary>
    internal long End => First + Count;

    internal PartitionTail Tail => new(End, Time, StartBytes + Size + PayloadLength);

    /// <summary>Writes header and checksum in front of a payload that is in place already.</summary>
    internal void Seal(Span<byte> block)
    {
        block[4] = Version;
        block[5..8].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(block[8..], First);
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], Time);
        BinaryPrimitives.WriteInt64LittleEndian(block[24..], StartBytes);
        BinaryPrimitives.WriteInt64LittleEndian(block[32..], Writer);
        BinaryPrimitives.WriteInt32LittleEndian(block[40..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(block[44..], PayloadLength);
        BinaryPrimitives.WriteUInt32LittleEndian(block, Checksum.Compute(block[4..]));
    }

    /// <summary>Reads a header without looking at the payload. False when it cannot be one.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> block, out BlockHeader header)
    {
        header = default;
        if (block.Length < Size || block[4] != Version)
        {
            return false;
        }

        header = new BlockHeader(
            BinaryPrimitives.ReadInt64LittleEndian(block[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(block[40..]),
            BinaryPrimitives.ReadInt32LittleEndian(block[44..]));
        return header is { First: >= 0, Time: >= 0, StartBytes: >= 0, Count: > 0 } && header.PayloadLength == block.Length - Size;
    }

    /// <summary>Reads and verifies a whole block: format, length and checksum.</summary>
    /// <returns>Null when it is sound; otherwise what is wrong with it.</returns>
    internal static string? Verify(ReadOnlySpan<byte> block, out BlockHeader header)
    {
        if (!TryRead(block, out header))
        {
            return "not a block of version 1";
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(block) == Checksum.Compute(block[4..]) ? null : "checksum does not match";
    }
}

/// <summary>Where a partition goes on.</summary>
/// <param name="Next">Sequence number of the next event.</param>
/// <param name="LastTime">Enqueued time of the last event, Unix ms; −1 when there never was one.</param>
/// <param name="EndBytes">Bytes stored since the partition was made, trimmed ones included.</param>
internal readonly record struct PartitionTail(long Next, long LastTime, long EndBytes)
{
    internal static PartitionTail Empty => new(0, -1, 0);
}
