using System.Text;

namespace Gatehouse.Hub.Jobs;

/// <summary>A row of <c>jobs</c>.</summary>
internal sealed record JobRow
{
    public string Hub { get; init; } = "";

    public string JobId { get; init; } = "";

    public string JobType { get; init; } = "";

    public string QueryCondition { get; init; } = "";

    public string Parameters { get; init; } = "";

    public string Actor { get; init; } = "";

    public string Status { get; init; } = "";

    public long Created { get; init; }

    public long StartTime { get; init; }

    public long MaxSeconds { get; init; }

    public long Started { get; init; }

    public long Ended { get; init; }

    public long IsSelected { get; init; }

    public string SelectedDevice { get; init; } = "";

    public string SelectedModule { get; init; } = "";

    public long DeviceCount { get; init; }

    public long PendingCount { get; init; }

    public long RunningCount { get; init; }

    public long SucceededCount { get; init; }

    public long FailedCount { get; init; }

    internal bool IsMethod => JobType == JobTypes.DeviceMethod;

    /// <summary>When its time is over; it must have started.</summary>
    internal DateTimeOffset Deadline => new DateTimeOffset(Started, TimeSpan.Zero) + TimeSpan.FromSeconds(MaxSeconds);

    /// <summary>Who writes, for the audit records of single twins.</summary>
    internal string TwinActor => $"{Actor}/job:{JobId}";

    internal Job Show() => new()
    {
        JobId = JobId,
        Type = JobType,
        QueryCondition = QueryCondition,
        Parameters = Encoding.UTF8.GetBytes(Parameters),
        Status = Status,
        Created = new DateTimeOffset(Created, TimeSpan.Zero),
        StartTime = new DateTimeOffset(StartTime, TimeSpan.Zero),
        EndTime = Ended == 0 ? null : new DateTimeOffset(Ended, TimeSpan.Zero),
        MaxExecutionTimeInSeconds = MaxSeconds,
        Statistics = new DeviceJobStatistics(DeviceCount, FailedCount, SucceededCount, RunningCount, PendingCount),
    };
}
