namespace Gatehouse.Hub.Tests;

/// <summary>Its wall clock may be wrong; its monotonic one is not.</summary>
internal sealed class JumpingClock(TimeProvider real) : TimeProvider
{
    public override long TimestampFrequency => real.TimestampFrequency;

    internal TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => real.GetUtcNow() + Ahead;

    public override long GetTimestamp() => real.GetTimestamp();
}
