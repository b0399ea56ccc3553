namespace Gatehouse.Hub.Throttling;

/// <summary>A token bucket in one number: the time at which it will be full again. Lock-free, from any thread; allocates nothing.</summary>
/// <remarks>The generic cell rate algorithm (ITU-T I.371, annex A) in its virtual-scheduling form.</remarks>
internal sealed class TokenBucket
{
    private readonly double ticksPerToken;
    private long fullAt;

    /// <param name="rate">Rate; the bucket holds what comes in one period.</param>
    /// <param name="ticksPerSecond">Of the clock.</param>
    internal TokenBucket(ThrottleRate rate, long ticksPerSecond)
    {
        ticksPerToken = ticksPerSecond / rate.PerSecond;
        Depth = (long)(rate.Period.TotalSeconds * ticksPerSecond);
        fullAt = long.MinValue / 2;
    }

    /// <summary>Ticks in which an empty bucket fills.</summary>
    internal long Depth { get; }

    internal long TicksOf(long tokens) => (long)(tokens * ticksPerToken);

    /// <summary>Takes so many tokens, more than may be at once on credit.</summary>
    /// <param name="tokens">At least 1.</param>
    /// <param name="now">Ticks.</param>
    /// <param name="reserve">Ticks' worth that must stay in the bucket.</param>
    /// <param name="wait">When false: ticks until there is enough, if nobody else takes any.</param>
    internal bool TryTake(int tokens, long now, long reserve, out long wait)
    {
        var deepest = Depth - reserve;
        var cost = TicksOf(tokens);
        var needed = Math.Min(cost, deepest);
        while (true)
        {
            var seen = Volatile.Read(ref fullAt);
            var from = Math.Max(seen, now);
            wait = from + needed - now - deepest;
            if (wait > 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref fullAt, from + cost, seen) == seen)
            {
                wait = 0;
                return true;
            }
        }
    }

    internal void GiveBack(int tokens) => Interlocked.Add(ref fullAt, -TicksOf(tokens));
}
