using System.Security.Cryptography;

namespace Gatehouse.Store.Suite.TrustLog;

/// <summary>The Merkle tree of RFC 6962 §2.1 word by word, over all entries each time. Nothing of it is the server's.</summary>
internal static class NaiveTree
{
    internal static byte[] Root(ReadOnlySpan<byte[]> entries) => entries.Length switch
    {
        0 => SHA256.HashData([]),
        1 => SHA256.HashData([0, .. entries[0]]),
        _ => SHA256.HashData([1, .. Root(entries[..Split(entries.Length)]), .. Root(entries[Split(entries.Length)..])]),
    };

    internal static List<byte[]> Path(int index, ReadOnlySpan<byte[]> entries)
    {
        if (entries.Length == 1)
        {
            return [];
        }

        var split = Split(entries.Length);
        return index < split ? [.. Path(index, entries[..split]), Root(entries[split..])] : [.. Path(index - split, entries[split..]), Root(entries[..split])];
    }

    internal static List<byte[]> Proof(int first, ReadOnlySpan<byte[]> entries) => first == 0 || first == entries.Length ? [] : SubProof(first, entries, true);

    private static List<byte[]> SubProof(int first, ReadOnlySpan<byte[]> entries, bool isWhole)
    {
        if (first == entries.Length)
        {
            return isWhole ? [] : [Root(entries)];
        }

        var split = Split(entries.Length);
        return first <= split ? [.. SubProof(first, entries[..split], isWhole), Root(entries[split..])] : [.. SubProof(first - split, entries[split..], false), Root(entries[..split])];
    }

    // The largest power of two that is smaller.
    private static int Split(int count)
    {
        var split = 1;
        while (split * 2 < count)
        {
            split *= 2;
        }

        return split;
    }
}
