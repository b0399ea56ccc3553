using System.Net;

namespace Gatehouse.Transport.Admission;

/// <summary>Counts connections, known and unknown, and refuses those that are too many. Costs a refused peer one accept and no TLS.</summary>
internal sealed class Gate(ConnectionLimits limits)
{
    /// <summary>Files that the databases, logs and listeners need beside connections.</summary>
    private const int FilesKeptBack = 1_024;

    private readonly int _maxConnections = Math.Min(limits.MaxConnections, OpenFileLimit() - FilesKeptBack);
    private readonly Dictionary<AddressKey, int> _unknownByAddress = [];
    private readonly Lock _lock = new();
    private int _all;
    private int _unknown;
    private volatile bool _draining;

    /// <summary>False refuses an address before TLS. Null: all may connect.</summary>
    public Func<IPAddress, bool>? AddressRule { get; set; }

    public int Connections => Volatile.Read(ref _all);

    public int Unauthenticated => Volatile.Read(ref _unknown);

    public void Drain() => _draining = true;

    public Refusal TryEnter(IPAddress address)
    {
        if (_draining)
        {
            return Refusal.Draining;
        }

        if (AddressRule is { } rule && !rule(address))
        {
            return Refusal.AddressRule;
        }

        var key = AddressKey.Of(address);
        lock (_lock)
        {
            if (_all >= _maxConnections)
            {
                return Refusal.TooMany;
            }

            if (_unknown >= limits.MaxUnauthenticated)
            {
                return Refusal.TooManyUnauthenticated;
            }

            var ofAddress = _unknownByAddress.GetValueOrDefault(key);
            if (ofAddress >= limits.MaxUnauthenticatedPerAddress)
            {
                return Refusal.TooManyFromAddress;
            }

            _unknownByAddress[key] = ofAddress + 1;
            _all++;
            _unknown++;
            return Refusal.None;
        }
    }

    /// <summary>The peer is known now; it no longer counts against its address.</summary>
    public void MarkKnown(IPAddress address)
    {
        lock (_lock)
        {
            Forget(AddressKey.Of(address));
        }
    }

    public void Leave(IPAddress address, bool wasKnown)
    {
        lock (_lock)
        {
            _all--;
            if (!wasKnown)
            {
                Forget(AddressKey.Of(address));
            }
        }
    }

    private void Forget(AddressKey key)
    {
        _unknown--;
        var left = _unknownByAddress[key] - 1;
        if (left == 0)
        {
            _unknownByAddress.Remove(key);
        }
        else
        {
            _unknownByAddress[key] = left;
        }
    }

    /// <summary>The soft limit of open files; beyond it accept itself would fail. .NET raises it to the hard limit at start.</summary>
    private static int OpenFileLimit()
    {
        const string Row = "Max open files";
        if (!File.Exists("/proc/self/limits"))
        {
            return int.MaxValue;
        }

        var row = File.ReadLines("/proc/self/limits").FirstOrDefault(l => l.StartsWith(Row, StringComparison.Ordinal));
        var soft = row?[Row.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return int.TryParse(soft, out var files) ? Math.Max(files, 2 * FilesKeptBack) : int.MaxValue;
    }
}
