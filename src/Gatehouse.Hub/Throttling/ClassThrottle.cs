namespace Gatehouse.Hub.Throttling;

/// <summary>One class of one hub: the bucket of all, and who may empty it.</summary>
/// <remarks>
/// Fairness as trunk reservation: whoever has used less than its share of the rate may take the last token; whoever has used more may only take
/// what lies above a reserve. So a greedy device gets all that the others leave and nothing that they need, and nothing is left unused.
/// Back ends together weigh as much as all devices together. Half a bucket is reserved, less while few take part; one alone has all of it.
/// </remarks>
internal sealed class ClassThrottle
{
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(10);

    private readonly TokenBucket bucket;
    private readonly bool isFair;
    private readonly long windowTicks;
    private readonly Meter backEnds = new();
    private long window = long.MinValue / 2;
    private int devices;
    private int devicesBefore;
    private int held;

    internal ClassThrottle(ThrottleRate rate, bool isFair, long ticksPerSecond)
    {
        bucket = new TokenBucket(rate, ticksPerSecond);
        this.isFair = isFair;
        windowTicks = Math.Max(bucket.Depth, (long)(ShortestWindow.TotalSeconds * ticksPerSecond));
    }

    /// <summary>Most that is taken of a batch at once: so little that a batch finds it though others take single ones all the while, and that nobody waits long behind it.</summary>
    internal int Slice => SliceOf(bucket);

    internal static int SliceOf(TokenBucket bucket) => (int)Math.Clamp(bucket.TokensIn(bucket.Depth / 16), 1, int.MaxValue);

    internal long TicksOf(int tokens) => bucket.TicksOf(tokens);

    /// <summary>Takes so many operations of one participant; more than a bucket holds on credit.</summary>
    /// <param name="tokens">At least 1.</param>
    /// <param name="device">Of the device; null: a back end.</param>
    /// <param name="now">Ticks of the clock.</param>
    /// <param name="wait">When false: ticks after which the same call succeeds, unless too many others come first.</param>
    internal bool TryTake(int tokens, Meter? device, long now, out long wait)
    {
        if (!isFair)
        {
            return bucket.TryTake(tokens, now, 0, out wait);
        }

        var (participants, weight) = Count(device, Enter(device, now));
        var meter = device ?? backEnds;
        var half = bucket.Depth / 2;
        var ahead = participants <= 1 ? 0 : meter.Ahead(now, half);
        var reserve = ahead <= 0 ? 0 : half - (half / participants);
        if (!bucket.TryTake(tokens, now, reserve, out wait))
        {
            // Within its share again, it needs no reserve: whichever comes first.
            if (reserve > 0 && ahead < wait)
            {
                wait = Math.Max(ahead, wait - reserve);
            }

            return false;
        }

        meter.Spend(now, Used(tokens, participants, weight, device));
        return true;
    }

    /// <summary>Takes what was used beyond what was asked for: what comes next waits the longer.</summary>
    internal void Charge(int tokens, long now) => bucket.Charge(tokens, now);

    /// <summary>Puts back what was taken and not used.</summary>
    internal void GiveBack(int tokens, Meter? device, long now)
    {
        bucket.GiveBack(tokens);
        if (isFair)
        {
            var (participants, weight) = Count(device, Enter(device, now));
            (device ?? backEnds).GiveBack(Used(tokens, participants, weight, device));
        }
    }

    /// <summary>A place among those who are held back; give it up with <see cref="Release"/>.</summary>
    internal bool TryHold(int most)
    {
        if (Interlocked.Increment(ref held) <= most)
        {
            return true;
        }

        Release();
        return false;
    }

    internal void Release() => Interlocked.Decrement(ref held);

    // What a participant's share is a part of: every device counts one, back ends together as much as all devices.
    private (long All, long BackEnds) Count(Meter? device, long current)
    {
        var count = Math.Max(Math.Max(Volatile.Read(ref devices), Volatile.Read(ref devicesBefore)), device is null ? 0 : 1);
        var weight = backEnds.IsRecent(current) ? Math.Max(1, count) : 0;
        return (count + weight, weight);
    }

    private long Used(int tokens, long participants, long weight, Meter? device) =>
        (long)Math.Min((double)bucket.TicksOf(tokens) * participants / (device is null ? weight : 1), TokenBucket.LongestTicks);

    private long Enter(Meter? device, long now)
    {
        var current = now / windowTicks;
        var seen = Volatile.Read(ref window);
        if (seen != current && Interlocked.CompareExchange(ref window, current, seen) == seen)
        {
            Volatile.Write(ref devicesBefore, current - seen == 1 ? Volatile.Read(ref devices) : 0);
            Volatile.Write(ref devices, 0);
        }

        if ((device ?? backEnds).Enters(current) && device is not null)
        {
            Interlocked.Increment(ref devices);
        }

        return current;
    }
}
