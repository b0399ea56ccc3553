using System.Numerics;

namespace Gatehouse.Contracts.Transparency;

/// <summary>Grows a tree by entries and makes its tiles. Remembers the last tile of each level, and what has changed since that was taken.</summary>
public sealed class TileBuilder
{
    private readonly List<Edge> edges = [];
    private readonly Dictionary<(int Level, long Index), byte[]> changed = [];

    /// <summary>A tree without entries.</summary>
    public TileBuilder()
    {
    }

    /// <summary>A tree that exists.</summary>
    /// <param name="size">Its entries.</param>
    /// <param name="edge">Hashes of the last tile of each level, from 0; empty where that level ends with a full one.</param>
    /// <exception cref="FormatException">They are not as many as a tree of this size has.</exception>
    public TileBuilder(long size, IReadOnlyList<ReadOnlyMemory<byte>> edge)
    {
        Size = size;
        for (var level = 0; size >> (level * TilePath.Height) > 0; level++)
        {
            var (index, width) = EdgeOf(size, level);
            if (level >= edge.Count || edge[level].Length != width * MerkleHash.Bytes)
            {
                throw new FormatException($"The tile {new TilePath(level, index, Math.Max(width, 1))} does not have {width} hashes.");
            }

            edges.Add(new Edge { Index = index, Count = width });
            edge[level].CopyTo(edges[level].Hashes);
        }
    }

    /// <summary>Entries.</summary>
    public long Size { get; private set; }

    /// <summary>Root of the tree.</summary>
    public byte[] Root
    {
        get
        {
            byte[]? root = null;
            foreach (var edge in edges)
            {
                // Complete subtrees in the tile, from the smallest, which is the last one.
                var end = edge.Count;
                while (end > 0)
                {
                    var count = 1 << BitOperations.TrailingZeroCount(end);
                    var peak = MerkleHash.OfComplete(edge.Hashes.AsSpan((end - count) * MerkleHash.Bytes, count * MerkleHash.Bytes));
                    root = root is null ? peak : MerkleHash.OfNodes(peak, root);
                    end -= count;
                }
            }

            return root ?? MerkleHash.EmptyRoot;
        }
    }

    /// <summary>Number and width of the last tile of a level; a width of 0 where the tile before it is full.</summary>
    public static (long Index, int Width) EdgeOf(long size, int level)
    {
        var hashes = size >> (level * TilePath.Height);
        return (hashes / TilePath.Full, (int)(hashes % TilePath.Full));
    }

    /// <param name="leaf">Hash of the next entry.</param>
    public void Add(ReadOnlySpan<byte> leaf)
    {
        Add(0, leaf);
        Size++;
    }

    /// <summary>Tiles that are new or longer than when this was asked last, with all their hashes.</summary>
    public IReadOnlyList<(int Level, long Index, byte[] Hashes)> TakeChanged()
    {
        for (var level = 0; level < edges.Count; level++)
        {
            var edge = edges[level];
            if (edge.IsChanged && edge.Count > 0)
            {
                changed[(level, edge.Index)] = edge.Hashes[..(edge.Count * MerkleHash.Bytes)];
            }

            edge.IsChanged = false;
        }

        List<(int Level, long Index, byte[] Hashes)> taken = [.. changed.Select(static each => (each.Key.Level, each.Key.Index, each.Value))];
        changed.Clear();
        return taken;
    }

    private void Add(int level, ReadOnlySpan<byte> hash)
    {
        if (level == edges.Count)
        {
            edges.Add(new Edge());
        }

        var edge = edges[level];
        hash.CopyTo(edge.Hashes.AsSpan(edge.Count * MerkleHash.Bytes));
        edge.IsChanged = true;
        if (++edge.Count < TilePath.Full)
        {
            return;
        }

        changed[(level, edge.Index)] = edge.Hashes;
        edges[level] = new Edge { Index = edge.Index + 1 };
        Add(level + 1, MerkleHash.OfComplete(edge.Hashes));
    }

    private sealed class Edge
    {
        internal byte[] Hashes { get; } = new byte[TilePath.Full * MerkleHash.Bytes];

        internal long Index { get; init; }

        internal int Count { get; set; }

        internal bool IsChanged { get; set; }
    }
}
