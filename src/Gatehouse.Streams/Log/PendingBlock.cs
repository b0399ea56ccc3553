using System.Buffers;
using System.Buffers.Binary;

namespace Gatehouse.Streams.Log;

/// <summary>Records of one partition that wait for their commit, already in the stored format, with those to be told. Used again and again.</summary>
internal sealed class PendingBlock
{
    private const int FirstBytes = 16 * 1024;

    private byte[] buffer = new byte[FirstBytes];
    private Entry[] entries = new Entry[64];
    private int length = BlockHeader.Size;

    internal LogPartition Partition { get; private set; } = null!;

    internal int Count { get; private set; }

    /// <summary>What this block counts for against the limit of pending bytes.</summary>
    internal int PayloadLength => length - BlockHeader.Size;

    /// <summary>Set by <see cref="Seal"/>.</summary>
    internal BlockHeader Header { get; private set; }

    /// <summary>Why the block could not be stored; null when it was.</summary>
    internal Exception? Error { get; set; }

    internal ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

    internal int Capacity => buffer.Length;

    internal void Begin(LogPartition partition) => Partition = partition;

    /// <summary>Whether a record of this size still belongs here. An empty block takes any.</summary>
    internal bool HasRoom(int size, int blockBytes) => Count == 0 || length + size <= blockBytes;

    internal void Add(ReadOnlySpan<byte> head, in ReadOnlySequence<byte> body, int recordLength, IAppendObserver observer, long state)
    {
        Reserve(BlockHeader.RecordPrefix + recordLength);
        var target = buffer.AsSpan(length);
        BinaryPrimitives.WriteInt32LittleEndian(target, recordLength);
        target = target[BlockHeader.RecordPrefix..];
        head.CopyTo(target);
        if (body.IsSingleSegment)
        {
            body.FirstSpan.CopyTo(target[head.Length..]);
        }
        else
        {
            body.CopyTo(target[head.Length..]);
        }

        length += BlockHeader.RecordPrefix + recordLength;
        entries[Count++] = new Entry(observer, state);
    }

    /// <summary>Numbers and stamps the records; may be done again with other numbers.</summary>
    internal void Seal(in PartitionTail tail, long now, long writer)
    {
        Header = new BlockHeader(tail.Next, Math.Max(now, tail.LastTime), tail.EndBytes, writer, Count, PayloadLength);
        Header.Seal(buffer.AsSpan(0, length));
    }

    /// <summary>Tells the observer of each record how it went, and notes it in <paramref name="told"/>.</summary>
    internal void Tell(HashSet<IAppendObserver> told)
    {
        IAppendObserver? last = null;
        foreach (ref readonly var entry in entries.AsSpan(0, Count))
        {
            if (Error is null)
            {
                entry.Observer.OnCommitted(entry.State);
            }
            else
            {
                entry.Observer.OnFailed(entry.State, Error);
            }

            if (!ReferenceEquals(last, entry.Observer))
            {
                last = entry.Observer;
                told.Add(last);
            }
        }
    }

    internal void Reset()
    {
        entries.AsSpan(0, Count).Clear();
        Partition = null!;
        Error = null;
        Count = 0;
        length = BlockHeader.Size;
    }

    private void Reserve(int size)
    {
        if (length + size > buffer.Length)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + size));
        }

        if (Count == entries.Length)
        {
            Array.Resize(ref entries, entries.Length * 2);
        }
    }

    private readonly record struct Entry(IAppendObserver Observer, long State);
}
