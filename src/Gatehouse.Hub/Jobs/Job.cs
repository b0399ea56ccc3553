namespace Gatehouse.Hub.Jobs;

/// <summary>A job over many devices, as its owner sees it.</summary>
public sealed record Job
{
    public required string JobId { get; init; }

    /// <summary>Wire word: <c>scheduleUpdateTwin</c> or <c>scheduleDeviceMethod</c>.</summary>
    public required string Type { get; init; }

    /// <summary>As sent.</summary>
    public required string QueryCondition { get; init; }

    /// <summary>JSON, UTF-8: <c>updateTwin</c> as sent, or <c>cloudToDeviceMethod</c>.</summary>
    public required ReadOnlyMemory<byte> Parameters { get; init; }

    public bool IsMethod => Type == JobTypes.DeviceMethod;

    /// <summary>Wire word.</summary>
    public required string Status { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset StartTime { get; init; }

    /// <summary>Null until it has ended.</summary>
    public DateTimeOffset? EndTime { get; init; }

    public required long MaxExecutionTimeInSeconds { get; init; }

    public required DeviceJobStatistics Statistics { get; init; }
}

/// <summary>How far a job is.</summary>
/// <param name="DeviceCount">Devices chosen so far; all of them once the job has begun to work.</param>
/// <param name="FailedCount">Of them, failed.</param>
/// <param name="SucceededCount">Done.</param>
/// <param name="RunningCount">Asked, without an answer yet.</param>
/// <param name="PendingCount">Still to do.</param>
public sealed record DeviceJobStatistics(long DeviceCount, long FailedCount, long SucceededCount, long RunningCount, long PendingCount);

/// <summary>A page of jobs.</summary>
/// <param name="Jobs">Newest first.</param>
/// <param name="Continuation">For the next page; null on the last.</param>
public sealed record JobPage(IReadOnlyList<Job> Jobs, string? Continuation);
