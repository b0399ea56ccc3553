namespace Gatehouse.Hub.Rotation;

/// <summary>Tells a wall clock that goes from one that jumps, by the monotonic one. What begins at a time of day does so only while the clock goes steadily.</summary>
/// <remarks>After a jump the new time is believed when it has gone steadily for ten minutes: long enough for a clock that was set wrong to be set right.</remarks>
internal sealed class ClockWatch(TimeProvider time)
{
    /// <summary>How far the two may part between two looks.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Distrust = TimeSpan.FromMinutes(10);

    private (DateTimeOffset Wall, long Stamp)? last;
    private long? jumped;

    /// <summary>Whether what the clock says may be acted upon.</summary>
    internal bool IsSteady => jumped is not { } since || time.GetElapsedTime(since) >= Distrust;

    /// <summary>One look, to be had every few seconds. How far the clock has jumped since the one before; null when it has not.</summary>
    internal TimeSpan? Look()
    {
        var (wall, stamp) = (time.GetUtcNow(), time.GetTimestamp());
        var jump = last is { } before ? wall - before.Wall - time.GetElapsedTime(before.Stamp, stamp) : TimeSpan.Zero;
        last = (wall, stamp);
        if (jump.Duration() <= Tolerance)
        {
            return null;
        }

        jumped = stamp;
        return jump;
    }
}
