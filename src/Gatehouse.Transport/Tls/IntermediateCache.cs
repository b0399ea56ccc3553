using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Transport.Tls;

/// <summary>
/// Intermediates by leaf, for resumed sessions: a session ticket holds the client's leaf only. Entries are made when a peer has been authenticated,
/// so that strangers cannot push out the entries of devices. Whatever comes from here is validated again like the first time.
/// </summary>
internal sealed class IntermediateCache(int capacity)
{
    private readonly Dictionary<string, LinkedListNode<Entry>> _byLeaf = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byAge = [];
    private readonly Dictionary<string, WeakReference<byte[][]>> _chains = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    private sealed record Entry(string Leaf, byte[][] Chain);

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byLeaf.Count;
            }
        }
    }

    public void Keep(X509Certificate2 leaf, IReadOnlyList<X509Certificate2> intermediates)
    {
        if (intermediates.Count == 0)
        {
            return;
        }

        var key = Key(leaf);
        lock (_lock)
        {
            if (_byLeaf.Remove(key, out var old))
            {
                _byAge.Remove(old);
            }

            _byLeaf[key] = _byAge.AddLast(new Entry(key, Shared(intermediates)));
            while (_byLeaf.Count > capacity)
            {
                _byLeaf.Remove(_byAge.First!.Value.Leaf);
                _byAge.RemoveFirst();
            }
        }
    }

    public IReadOnlyList<X509Certificate2> Recall(X509Certificate2 leaf)
    {
        byte[][]? chain = null;
        lock (_lock)
        {
            if (_byLeaf.TryGetValue(Key(leaf), out var node))
            {
                chain = node.Value.Chain;
            }
        }

        return chain is null ? [] : [.. chain.Select(c => X509CertificateLoader.LoadCertificate(c))];
    }

    /// <summary>Devices of one authority send the same chain; it is held once.</summary>
    private byte[][] Shared(IReadOnlyList<X509Certificate2> intermediates)
    {
        var id = string.Concat(intermediates.Select(Key));
        if (_chains.TryGetValue(id, out var weak) && weak.TryGetTarget(out var known))
        {
            return known;
        }

        if (_chains.Count > capacity)
        {
            _chains.Clear();
        }

        byte[][] chain = [.. intermediates.Select(c => c.RawData)];
        _chains[id] = new WeakReference<byte[][]>(chain);
        return chain;
    }

    private static string Key(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);
}
