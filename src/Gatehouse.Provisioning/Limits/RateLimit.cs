namespace Gatehouse.Provisioning.Limits;

/// <summary>So many in a period; as many may come at once. Full at first, and filled as time goes.</summary>
internal sealed class RateLimit
{
    private readonly Lock gate = new();
    private readonly int count;
    private readonly TimeSpan period;
    private readonly TimeProvider time;
    private double left;
    private long last;

    internal RateLimit(int count, TimeSpan period, TimeProvider time)
    {
        (this.count, this.period, this.time) = (count, period, time);
        (left, last) = (count, time.GetTimestamp());
    }

    /// <summary>True when one more may come.</summary>
    /// <param name="isModest">Else only what lies above half of the limit is for it.</param>
    /// <param name="wait">When it may; zero when it is now.</param>
    internal bool TryTake(bool isModest, out TimeSpan wait)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            left = Math.Min(count, left + (time.GetElapsedTime(last, now) / period * count));
            last = now;
            var missing = 1 + (isModest ? 0 : count / 2) - left;
            wait = missing > 0 ? period * (missing / count) : TimeSpan.Zero;
            if (missing > 0)
            {
                return false;
            }

            left--;
            return true;
        }
    }
}
