namespace Gatehouse.Hub.Telemetry;

/// <summary>A token bucket with a burst of one second. Safe from any thread.</summary>
internal sealed class MessageRate(int perSecond, TimeProvider time)
{
    private readonly Lock gate = new();
    private double tokens = perSecond;
    private long last = time.GetTimestamp();

    /// <summary>Takes so many messages, more than a second's worth on credit; else how long to wait before it is worth trying again.</summary>
    internal bool TryTake(int count, out TimeSpan wait)
    {
        var needed = Math.Min(count, perSecond);
        lock (gate)
        {
            var now = time.GetTimestamp();
            tokens = Math.Min(perSecond, tokens + (time.GetElapsedTime(last, now).TotalSeconds * perSecond));
            last = now;
            if (tokens >= needed)
            {
                tokens -= count;
                wait = TimeSpan.Zero;
                return true;
            }

            wait = TimeSpan.FromSeconds((needed - tokens) / perSecond);
            return false;
        }
    }

    internal void GiveBack(int count = 1)
    {
        lock (gate)
        {
            tokens += count;
        }
    }
}
