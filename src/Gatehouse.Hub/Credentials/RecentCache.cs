using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Hub.Credentials;

/// <summary>A bounded map that forgets what was not asked for lately, and never keeps what was read before it was told to forget.</summary>
/// <remarks>Two generations: a look-up moves an entry to the young one; when that is half full the old one is dropped. Approximates least-recently-used at O(1).
/// <see cref="Forget"/> counts in a stripe of the key; <see cref="Begin"/> before the read and <see cref="TryAdd"/> after it compare the counts, so a slow read cannot bring a stale fact back.</remarks>
internal sealed class RecentCache<TKey, TValue>(int capacity, TimeSpan maxAge, TimeProvider time)
    where TKey : notnull
    where TValue : class
{
    private const int Stripes = 256;

    private readonly Lock gate = new();
    private readonly int[] forgotten = new int[Stripes];
    private readonly int half = Math.Max(1, capacity / 2);
    private Dictionary<TKey, Entry> young = [];
    private Dictionary<TKey, Entry> old = [];

    internal int Count
    {
        get
        {
            lock (gate)
            {
                return young.Count + old.Count;
            }
        }
    }

    internal bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        lock (gate)
        {
            if (!young.TryGetValue(key, out var entry))
            {
                if (!old.Remove(key, out entry))
                {
                    value = null;
                    return false;
                }

                Put(key, entry);
            }

            if (time.GetElapsedTime(entry.Since) > maxAge)
            {
                young.Remove(key);
                value = null;
                return false;
            }

            value = entry.Value;
            return true;
        }
    }

    /// <summary>To be taken before the store is read.</summary>
    internal int Begin(TKey key) => Volatile.Read(ref forgotten[Stripe(key)]);

    /// <summary>False when the key (or one of its stripe) was forgotten since <see cref="Begin"/>: read again.</summary>
    internal bool TryAdd(TKey key, TValue value, int begun)
    {
        lock (gate)
        {
            if (forgotten[Stripe(key)] != begun)
            {
                return false;
            }

            old.Remove(key);
            Put(key, new Entry(value, time.GetTimestamp()));
            return true;
        }
    }

    internal void Forget(TKey key)
    {
        lock (gate)
        {
            forgotten[Stripe(key)]++;
            young.Remove(key);
            old.Remove(key);
        }
    }

    internal void ForgetAll()
    {
        lock (gate)
        {
            for (var i = 0; i < Stripes; i++)
            {
                forgotten[i]++;
            }

            young = [];
            old = [];
        }
    }

    private static int Stripe(TKey key) => (key.GetHashCode() & int.MaxValue) % Stripes;

    private void Put(TKey key, Entry entry)
    {
        if (young.Count >= half && !young.ContainsKey(key))
        {
            old = young;
            young = [];
        }

        young[key] = entry;
    }

    private readonly record struct Entry(TValue Value, long Since);
}
