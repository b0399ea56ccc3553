namespace Gatehouse.Streams.Log;

/// <summary>The newest stored blocks of one partition in memory, for readers that keep up with it: they need no look into the store. Empty while nobody follows. Its owner locks.</summary>
internal sealed class NewestBlocks(int maxBytes)
{
    // Blocks in a row that nobody read until it is taken that nobody follows: a wake-up takes longer than a commit.
    private const int MostUnread = 64;

    private readonly Queue<(BlockHeader Header, byte[] Block)> kept = new();
    private int bytes;
    private int unread = MostUnread;

    /// <summary>A reader has come to the end of the partition and waits there.</summary>
    internal void Follow() => unread = 0;

    internal void Add(in BlockHeader header, ReadOnlySpan<byte> block)
    {
        if (unread == MostUnread)
        {
            return;
        }

        if (++unread == MostUnread || block.Length > maxBytes)
        {
            kept.Clear();
            bytes = 0;
            return;
        }

        kept.Enqueue((header, block.ToArray()));
        bytes += block.Length;
        while (bytes > maxBytes)
        {
            bytes -= kept.Dequeue().Block.Length;
        }
    }

    /// <summary>The block with this event; null when it is not among the newest. Not to be written to: several readers may have it.</summary>
    internal byte[]? Find(long sequenceNumber)
    {
        foreach (var (header, block) in kept)
        {
            if (header.First <= sequenceNumber && sequenceNumber < header.End)
            {
                unread = 0;
                return block;
            }
        }

        return null;
    }
}
