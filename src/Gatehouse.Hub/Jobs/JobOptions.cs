namespace Gatehouse.Hub.Jobs;

/// <summary>Limits of jobs.</summary>
public sealed record JobOptions
{
    /// <summary>Jobs of one hub that run or are due. One more that begins at once: JobQuotaExceeded (403003); one whose time comes waits as queued.</summary>
    /// <remarks>1–100, default 10, which is what S3 has. Source: IoT Hub "Quotas and throttling" page.</remarks>
    public int MaxActive { get; init; } = 10;

    /// <summary>Jobs of one hub that wait for their time. One more: JobQuotaExceeded (403003).</summary>
    /// <remarks>0–10,000, default 1,000. Source: own.</remarks>
    public int MaxScheduled { get; init; } = 1_000;

    /// <summary>Furthest start of a job.</summary>
    /// <remarks>1 minute–10 years, default 366 days. Later: ArgumentInvalid (400004). Source: own.</remarks>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromDays(366);

    /// <summary>Longest <c>maxExecutionTimeInSeconds</c>.</summary>
    /// <remarks>1 s–365 days, default 30 days. Longer: ArgumentInvalid (400004). Source: own.</remarks>
    public TimeSpan MaxExecutionTime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Methods of one job that are under way at once.</summary>
    /// <remarks>1–1,000, default 100. Source: own.</remarks>
    public int MaxCalls { get; init; } = 100;

    /// <summary>Devices whose twins are written in one transaction.</summary>
    /// <remarks>1–1,000, default 50: other writers wait for no more than these. Source: own.</remarks>
    public int BatchDevices { get; init; } = 50;

    /// <summary>How long an ended job and what it did on each device are kept.</summary>
    /// <remarks>1 hour–365 days, default 30 days. Source: IoT Hub "Schedule jobs on multiple devices" page.</remarks>
    public TimeSpan History { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Ended jobs of one hub that are kept; the oldest go first.</summary>
    /// <remarks>1–1,000,000, default 10,000. Source: own.</remarks>
    public int MaxEnded { get; init; } = 10_000;

    /// <summary>Records of single devices of one hub's ended jobs that are kept; the oldest jobs go first.</summary>
    /// <remarks>1–1,000,000,000, default 10,000,000. Source: own.</remarks>
    public long MaxDeviceRecords { get; init; } = 10_000_000;
}
