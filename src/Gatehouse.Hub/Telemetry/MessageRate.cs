namespace Gatehouse.Hub.Telemetry;

/// <summary>A token bucket with a burst of one second. Safe from any thread.</summary>
internal sealed class MessageRate(int perSecond, TimeProvider time)
{
    private readonly Lock gate = new();
    private double tokens = perSecond;
    private long last = time.GetTimestamp();

    /// <summary>Takes one message; else how long to wait before it is worth trying again.</summary>
    internal bool TryTake(out TimeSpan wait)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            tokens = Math.Min(perSecond, tokens + (time.GetElapsedTime(last, now).TotalSeconds * perSecond));
            last = now;
            if (tokens >= 1)
            {
                tokens--;
                wait = TimeSpan.Zero;
                return true;
            }

            wait = TimeSpan.FromSeconds((1 - tokens) / perSecond);
            return false;
        }
    }

    internal void GiveBack()
    {
        lock (gate)
        {
            tokens++;
        }
    }
}
