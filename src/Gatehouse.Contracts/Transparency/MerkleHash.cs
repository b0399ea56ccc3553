using System.Security.Cryptography;

namespace Gatehouse.Contracts.Transparency;

/// <summary>Hashes of a Merkle tree: RFC 6962 §2.1 with SHA-256.</summary>
public static class MerkleHash
{
    /// <summary>Bytes of a hash.</summary>
    public const int Bytes = 32;

    private const byte LeafPrefix = 0;
    private const byte NodePrefix = 1;

    /// <summary>Root of the tree without entries.</summary>
    public static byte[] EmptyRoot => SHA256.HashData([]);

    /// <summary>SHA-256 of 0x00 and the entry.</summary>
    public static byte[] OfEntry(ReadOnlySpan<byte> entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([LeafPrefix]);
        hash.AppendData(entry);
        return hash.GetHashAndReset();
    }

    /// <summary>SHA-256 of 0x01 and both hashes.</summary>
    public static byte[] OfNodes(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> joined = stackalloc byte[1 + (2 * Bytes)];
        joined[0] = NodePrefix;
        left.CopyTo(joined[1..]);
        right.CopyTo(joined[(1 + Bytes)..]);
        return SHA256.HashData(joined);
    }

    /// <summary>Root of a complete subtree.</summary>
    /// <param name="hashes">Its lowest hashes one after the other; their number is a power of two.</param>
    public static byte[] OfComplete(ReadOnlySpan<byte> hashes)
    {
        if (hashes.Length == Bytes)
        {
            return hashes.ToArray();
        }

        var half = hashes.Length / 2;
        return OfNodes(OfComplete(hashes[..half]), OfComplete(hashes[half..]));
    }
}
