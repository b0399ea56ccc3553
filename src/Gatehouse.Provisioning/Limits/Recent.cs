namespace Gatehouse.Provisioning.Limits;

/// <summary>What is remembered of each device for one period at least, and two at most: then it is as if it had never come.</summary>
internal sealed class Recent<T>(TimeSpan period, TimeProvider time)
{
    private Dictionary<string, T> now = new(StringComparer.Ordinal);
    private Dictionary<string, T> before = new(StringComparer.Ordinal);
    private long began = time.GetTimestamp();

    /// <summary>Devices that are remembered.</summary>
    internal int Count => now.Count + before.Count;

    internal bool TryGet(string device, out T? value)
    {
        Turn();
        return now.TryGetValue(device, out value) || before.TryGetValue(device, out value);
    }

    internal void Set(string device, T value)
    {
        Turn();
        before.Remove(device);
        now[device] = value;
    }

    private void Turn()
    {
        var elapsed = time.GetElapsedTime(began);
        if (elapsed < period)
        {
            return;
        }

        (before, now) = (elapsed < 2 * period ? now : new(StringComparer.Ordinal), new(StringComparer.Ordinal));
        began = time.GetTimestamp();
    }
}
