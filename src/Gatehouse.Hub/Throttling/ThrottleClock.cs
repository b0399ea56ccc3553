namespace Gatehouse.Hub.Throttling;

/// <summary>Time since the start, in ticks of a nanosecond or less: whole ticks for every rate that can be set.</summary>
internal sealed class ThrottleClock
{
    private readonly TimeProvider time;
    private readonly long origin;
    private readonly long scale;

    internal ThrottleClock(TimeProvider time)
    {
        (this.time, origin) = (time, time.GetTimestamp());
        scale = Math.Max(1, 1_000_000_000 / time.TimestampFrequency);
        TicksPerSecond = time.TimestampFrequency * scale;
    }

    internal long TicksPerSecond { get; }

    internal long Now => (time.GetTimestamp() - origin) * scale;

    /// <summary>At least so long: whoever waits for it finds what was promised.</summary>
    internal TimeSpan SpanOf(long ticks) => TimeSpan.FromTicks(Math.Max(1, (long)Math.Ceiling(ticks * ((double)TimeSpan.TicksPerSecond / TicksPerSecond))));
}
