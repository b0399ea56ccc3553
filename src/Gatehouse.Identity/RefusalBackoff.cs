using System.Net;
using System.Net.Sockets;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Identity;

/// <summary>Counts refusals by address and by (identity, address) in a sliding window, in a table of fixed size.</summary>
/// <remarks>
/// Ask <see cref="IsBackedOff(IPAddress)"/> before TLS and before any asymmetric work. A genuine device elsewhere is never held back by what
/// somebody else does in its name; one that shares an address with an attacker is, once the address as a whole is.
/// The table is 4-way: a newcomer displaces the least refused of its set, so that neither memory grows nor strangers flush a persistent one.
/// </remarks>
public sealed class RefusalBackoff
{
    private const int Ways = 4;
    private const int SubnetBytes = 8;

    private readonly Lock gate = new();
    private readonly BackoffOptions options;
    private readonly TimeProvider time;
    private readonly Entry[] table;

    public RefusalBackoff(BackoffOptions options, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Window, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfNotEqual(int.PopCount(options.Entries), 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Entries, Ways);
        this.options = options;
        this.time = time;
        table = new Entry[options.Entries];
    }

    /// <summary>Whether this address has been refused too often; its connections may be closed unread.</summary>
    public bool IsBackedOff(IPAddress address) => Count(Tag(address, "")) >= options.RefusalsPerAddress;

    /// <summary>Whether this identity has been refused too often from this address, or the address as a whole has.</summary>
    public bool IsBackedOff(IPAddress address, IdentityKey identity) =>
        Count(Tag(address, identity.ToString())) >= options.RefusalsPerIdentity || IsBackedOff(address);

    /// <summary>A proof was refused, or a peer broke the protocol before it had one (<paramref name="identity"/> null).</summary>
    public void Refused(IPAddress address, IdentityKey? identity)
    {
        Add(Tag(address, ""));
        if (identity is { } claimed)
        {
            Add(Tag(address, claimed.ToString()));
        }
    }

    /// <summary>Work was done for a peer that has proved nothing yet. Counts for the identity only, until the peer proves itself: many genuine ones may share an address.</summary>
    public void Challenged(IPAddress address, IdentityKey identity) => Add(Tag(address, identity.ToString()));

    /// <summary>A proof was good: what this identity did wrong from this address before is forgotten.</summary>
    public void Accepted(IPAddress address, IdentityKey identity)
    {
        var tag = Tag(address, identity.ToString());
        lock (gate)
        {
            foreach (ref var entry in Set(tag))
            {
                if (entry.Tag == tag)
                {
                    entry = default;
                }
            }
        }
    }

    private int Count(ulong tag)
    {
        var now = time.GetUtcNow();
        lock (gate)
        {
            foreach (ref var entry in Set(tag))
            {
                if (entry.Tag == tag)
                {
                    return Weight(ref entry, now);
                }
            }
        }

        return 0;
    }

    private void Add(ulong tag)
    {
        var now = time.GetUtcNow();
        lock (gate)
        {
            ref var place = ref Place(tag, now);
            if (place.Tag != tag)
            {
                place = new Entry { Tag = tag, Window = WindowOf(now) };
            }

            _ = Weight(ref place, now);
            place.Current = Math.Min(place.Current + 1, int.MaxValue / 2);
        }
    }

    // The entry itself, or the one of its set that matters least.
    private ref Entry Place(ulong tag, DateTimeOffset now)
    {
        var set = Set(tag);
        var least = 0;
        var leastWeight = int.MaxValue;
        for (var i = 0; i < Ways; i++)
        {
            if (set[i].Tag == tag)
            {
                return ref set[i];
            }

            var weight = set[i].Tag == 0 ? -1 : Weight(ref set[i], now);
            if (weight < leastWeight)
            {
                (least, leastWeight) = (i, weight);
            }
        }

        return ref set[least];
    }

    // Two windows; the older counts for the part of it that still lies in the sliding one.
    private int Weight(ref Entry entry, DateTimeOffset now)
    {
        var window = WindowOf(now);
        if (entry.Window != window)
        {
            entry.Previous = window - entry.Window == 1 ? entry.Current : 0;
            entry.Current = 0;
            entry.Window = window;
        }

        var elapsed = (now.UtcTicks % options.Window.Ticks) / (double)options.Window.Ticks;
        return entry.Current + (int)(entry.Previous * (1 - elapsed));
    }

    private uint WindowOf(DateTimeOffset now) => (uint)(now.UtcTicks / options.Window.Ticks);

    private Span<Entry> Set(ulong tag) => table.AsSpan((int)(tag & (ulong)(table.Length - 1)) & ~(Ways - 1), Ways);

    // HashCode is seeded anew in each process, so that nobody outside can aim at a set. 0 means empty.
    private static ulong Tag(IPAddress address, string identity)
    {
        Span<byte> bytes = stackalloc byte[16];
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        plain.TryWriteBytes(bytes, out var length);

        // An IPv6 peer owns its /64.
        bytes = bytes[..(plain.AddressFamily == AddressFamily.InterNetworkV6 ? SubnetBytes : length)];
        return ((ulong)Hash(bytes, identity, 1) << 32) | (uint)Hash(bytes, identity, 2) | 1;
    }

    private static uint Hash(ReadOnlySpan<byte> address, string identity, int salt)
    {
        var hash = default(HashCode);
        hash.Add(salt);
        hash.AddBytes(address);
        hash.Add(identity);
        return (uint)hash.ToHashCode();
    }

    private struct Entry
    {
        internal ulong Tag;
        internal uint Window;
        internal int Current;
        internal int Previous;
    }
}
