using System.Security.Cryptography;

namespace Gatehouse.Contracts.Transparency;

/// <summary>Judges proofs: RFC 9162 §2.1.3.2 and §2.1.4.2, which are those of RFC 6962.</summary>
public static class MerkleProof
{
    /// <summary>Whether the entry stands at this place of the tree.</summary>
    /// <param name="leaf">Hash of the entry.</param>
    /// <param name="index">From 0.</param>
    /// <param name="size">Entries of the tree.</param>
    /// <param name="proof">Hashes from the entry upwards.</param>
    /// <param name="root">Of the tree.</param>
    public static bool IsIncluded(byte[] leaf, long index, long size, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size)
        {
            return false;
        }

        var (node, last, hash) = (index, size - 1, leaf);
        foreach (var beside in proof)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = MerkleHash.OfNodes(beside, hash);
                while ((node & 1) == 0 && node != 0)
                {
                    (node, last) = (node >> 1, last >> 1);
                }
            }
            else
            {
                hash = MerkleHash.OfNodes(hash, beside);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && CryptographicOperations.FixedTimeEquals(hash, root);
    }

    /// <summary>Whether the larger tree is the smaller one with entries added at its end.</summary>
    /// <param name="oldSize">Entries of the smaller one; of 0 every tree is a continuation.</param>
    /// <param name="newSize">Entries of the larger one.</param>
    /// <param name="proof">As <see cref="TiledTree.ConsistencyAsync"/> makes it.</param>
    /// <param name="oldRoot">Of the smaller one.</param>
    /// <param name="newRoot">Of the larger one.</param>
    public static bool IsConsistent(long oldSize, long newSize, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> oldRoot, ReadOnlySpan<byte> newRoot)
    {
        if (oldSize < 0 || oldSize > newSize)
        {
            return false;
        }

        if (oldSize == newSize || oldSize == 0)
        {
            return proof.Count == 0 && (oldSize == 0 ? CryptographicOperations.FixedTimeEquals(oldRoot, MerkleHash.EmptyRoot) : CryptographicOperations.FixedTimeEquals(oldRoot, newRoot));
        }

        var (node, last) = (oldSize - 1, newSize - 1);
        while ((node & 1) == 1)
        {
            (node, last) = (node >> 1, last >> 1);
        }

        // A complete smaller tree is a node of the larger one, and not in the proof.
        var isComplete = (oldSize & (oldSize - 1)) == 0;
        var steps = isComplete ? proof : [.. proof.Skip(1)];
        if (!isComplete && proof.Count == 0)
        {
            return false;
        }

        var before = isComplete ? oldRoot.ToArray() : proof[0];
        var after = before;
        foreach (var beside in steps)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                (before, after) = (MerkleHash.OfNodes(beside, before), MerkleHash.OfNodes(beside, after));
                while ((node & 1) == 0 && node != 0)
                {
                    (node, last) = (node >> 1, last >> 1);
                }
            }
            else
            {
                after = MerkleHash.OfNodes(after, beside);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && CryptographicOperations.FixedTimeEquals(before, oldRoot) && CryptographicOperations.FixedTimeEquals(after, newRoot);
    }
}
