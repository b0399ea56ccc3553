using System.Numerics;

namespace Gatehouse.Contracts.Transparency;

/// <summary>Roots and proofs of a tree out of its tiles; each tile is read once. What it says is as true as the tiles: compare its root with a signed one.</summary>
/// <param name="size">Entries of the tree.</param>
/// <param name="read">A tile's hashes, one after the other; exactly as many as its width.</param>
public sealed class TiledTree(long size, Func<TilePath, Task<ReadOnlyMemory<byte>>> read)
{
    private readonly Dictionary<TilePath, ReadOnlyMemory<byte>> known = [];

    /// <summary>Root of the first entries.</summary>
    /// <param name="first">0 to the size of the tree.</param>
    public async Task<byte[]> RootAsync(long first) => first == 0 ? MerkleHash.EmptyRoot : await RangeAsync(0, first);

    /// <summary>RFC 6962 §2.1.1: hashes from the entry upwards.</summary>
    public async Task<IReadOnlyList<byte[]>> InclusionAsync(long index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var proof = new List<byte[]>();
        var (low, high) = (0L, size);
        while (high - low > 1)
        {
            var middle = low + Split(high - low);
            var isLeft = index < middle;
            proof.Add(isLeft ? await RangeAsync(middle, high) : await RangeAsync(low, middle));
            (low, high) = isLeft ? (low, middle) : (middle, high);
        }

        proof.Reverse();
        return proof;
    }

    /// <summary>RFC 6962 §2.1.2: that the tree continues the one of its first entries.</summary>
    public async Task<IReadOnlyList<byte[]>> ConsistencyAsync(long first)
    {
        if (first == 0 || first == size)
        {
            return [];
        }

        var proof = new List<byte[]>();
        var (low, high, isWhole) = (0L, size, true);
        while (first != high)
        {
            var middle = low + Split(high - low);
            var isLeft = first <= middle;
            proof.Add(isLeft ? await RangeAsync(middle, high) : await RangeAsync(low, middle));
            (low, high, isWhole) = isLeft ? (low, middle, isWhole) : (middle, high, false);
        }

        if (!isWhole)
        {
            proof.Add(await RangeAsync(low, high));
        }

        proof.Reverse();
        return proof;
    }

    /// <summary>Hash of the entry at this place.</summary>
    public async Task<byte[]> LeafAsync(long index) => await RangeAsync(index, index + 1);

    private static long Split(long count) => 1L << BitOperations.Log2((ulong)count - 1);

    private async Task<byte[]> RangeAsync(long low, long high)
    {
        var count = high - low;
        if (!BitOperations.IsPow2(count))
        {
            var middle = low + Split(count);
            var (left, right) = (await RangeAsync(low, middle), await RangeAsync(middle, high));
            return MerkleHash.OfNodes(left, right);
        }

        // A complete subtree: so many hashes of one tile.
        var height = BitOperations.Log2((ulong)count);
        var (level, inTile) = (height / TilePath.Height, height % TilePath.Height);
        var first = low >> (level * TilePath.Height);
        var tile = await TileAsync(level, first / TilePath.Full);
        return MerkleHash.OfComplete(tile.Span.Slice((int)(first % TilePath.Full) * MerkleHash.Bytes, (1 << inTile) * MerkleHash.Bytes));
    }

    private async Task<ReadOnlyMemory<byte>> TileAsync(int level, long index)
    {
        var width = (int)Math.Min(TilePath.Full, (size >> (level * TilePath.Height)) - (index * TilePath.Full));
        var path = new TilePath(level, index, width);
        if (!known.TryGetValue(path, out var tile))
        {
            known[path] = tile = await read(path);
        }

        return tile;
    }
}
