namespace Gatehouse.Transport.Connections;

/// <summary>Milliseconds since start, moved by the heartbeat: reading it costs one load. At most one beat behind.</summary>
internal sealed class CoarseClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private long _now;

    public long Now => Volatile.Read(ref _now);

    /// <summary>Not coarse; for moments that must not start too early.</summary>
    public long Exact => (long)time.GetElapsedTime(_start).TotalMilliseconds;

    public void Beat() => Volatile.Write(ref _now, Exact);
}
