namespace Gatehouse.Hub.Throttling;

/// <summary>What one participant has used of a class: a bucket of its own whose rate is its share, which changes with the number of participants.</summary>
internal sealed class Meter
{
    private long paidUntil = long.MinValue / 2;
    private long window = long.MinValue / 2;

    /// <summary>Ticks until the participant is within its share again; 0 or less: it is.</summary>
    internal long Ahead(long now, long tolerance) => Volatile.Read(ref paidUntil) - now - tolerance;

    internal void Spend(long now, long ticks)
    {
        while (true)
        {
            var seen = Volatile.Read(ref paidUntil);
            if (Interlocked.CompareExchange(ref paidUntil, Math.Min(Math.Max(seen, now) + ticks, TokenBucket.LongestTicks), seen) == seen)
            {
                return;
            }
        }
    }

    internal void GiveBack(long ticks) => Interlocked.Add(ref paidUntil, -ticks);

    /// <summary>True once for each window.</summary>
    internal bool Enters(long current) => Volatile.Read(ref window) != current && Interlocked.Exchange(ref window, current) != current;

    /// <summary>Whether it was there in this window or the one before.</summary>
    internal bool IsRecent(long current) => current - Volatile.Read(ref window) <= 1;
}
