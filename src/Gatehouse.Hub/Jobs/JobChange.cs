using Gatehouse.Store;

namespace Gatehouse.Hub.Jobs;

/// <summary>One transaction on a job: its row is locked, and its counts follow the records of its devices.</summary>
internal sealed class JobChange(WriteTransaction write, JobRow job, JobParts parts)
{
    internal WriteTransaction Write { get; } = write;

    /// <summary>Written back at the end of the transaction.</summary>
    internal JobRow Job { get; set; } = job;

    /// <summary>New devices.</summary>
    internal async Task AddAsync(IReadOnlyList<DeviceJobRow> rows, CancellationToken cancellationToken)
    {
        await DeviceJobRows.InsertAsync(Write, rows, cancellationToken);
        Job = Job with { DeviceCount = Job.DeviceCount + rows.Count };
        foreach (var row in rows)
        {
            Job = Count(Job, row.Status, 1);
        }

        await parts.Events.AddAsync(Write, Job, rows, cancellationToken);
    }

    /// <summary>Devices that were all in one state and now are as these rows say.</summary>
    internal async Task MoveAsync(string from, IReadOnlyList<DeviceJobRow> rows, CancellationToken cancellationToken)
    {
        await DeviceJobRows.UpdateAsync(Write, rows, cancellationToken);
        foreach (var row in rows)
        {
            Job = Count(Count(Job, from, -1), row.Status, 1);
            if (row.Ended > 0)
            {
                var (type, status) = (Job.JobType, row.Status);
                Write.AfterCommit(() => parts.Metrics.Ended(type, status));
            }
        }

        await parts.Events.AddAsync(Write, Job, rows, cancellationToken);
    }

    private static JobRow Count(JobRow job, string status, int change) => status switch
    {
        DeviceJobStates.Pending => job with { PendingCount = job.PendingCount + change },
        DeviceJobStates.Running => job with { RunningCount = job.RunningCount + change },
        DeviceJobStates.Completed => job with { SucceededCount = job.SucceededCount + change },
        DeviceJobStates.Failed => job with { FailedCount = job.FailedCount + change },
        _ => job,
    };
}
