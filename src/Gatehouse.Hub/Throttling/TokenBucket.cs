namespace Gatehouse.Hub.Throttling;

/// <summary>A token bucket in one number: the time at which it will be full again. Lock-free, from any thread; allocates nothing.</summary>
/// <remarks>The generic cell rate algorithm (ITU-T I.371, annex A) in its virtual-scheduling form.</remarks>
internal sealed class TokenBucket
{
    /// <summary>No debt is longer; so far from the ends of the number that no sum of it wraps. 73 years.</summary>
    internal const long LongestTicks = long.MaxValue / 4;

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

    /// <summary>Tokens that come in so many ticks.</summary>
    internal double TokensIn(long ticks) => ticks / ticksPerToken;

    internal long TicksOf(long tokens) => (long)Math.Min(tokens * ticksPerToken, LongestTicks);

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

    /// <summary>Takes so many tokens, there or not: what comes next waits the longer.</summary>
    internal void Charge(int tokens, long now)
    {
        var cost = TicksOf(tokens);
        while (true)
        {
            var seen = Volatile.Read(ref fullAt);
            if (Interlocked.CompareExchange(ref fullAt, Math.Min(Math.Max(seen, now) + cost, LongestTicks), seen) == seen)
            {
                return;
            }
        }
    }

    internal void GiveBack(int tokens) => Interlocked.Add(ref fullAt, -TicksOf(tokens));
}
