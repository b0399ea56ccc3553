using System.Collections.Concurrent;
using System.Net;

namespace Gatehouse.Transport.Connections;

/// <summary>Addresses at which somebody has been authenticated since the start. Strangers add none.</summary>
internal sealed class KnownAddresses
{
    /// <summary>Then all are forgotten: devices that are there come again.</summary>
    public const int Most = 65_536;

    private readonly ConcurrentDictionary<IPAddress, byte> _seen = new();
    private int _count;

    public bool Contains(IPAddress address) => _seen.ContainsKey(address);

    public void Add(IPAddress address)
    {
        if (_seen.ContainsKey(address) || !_seen.TryAdd(address, 0))
        {
            return;
        }

        // Counted here: Count of the dictionary takes all its locks.
        if (Interlocked.Increment(ref _count) > Most)
        {
            _seen.Clear();
            Volatile.Write(ref _count, 0);
        }
    }
}
