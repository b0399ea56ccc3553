using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Jobs;

/// <summary>Opens transactions on one job.</summary>
internal sealed class JobTransactions(HubName hub, string jobId, JobParts parts)
{
    internal Task<JobRow?> ReadAsync(CancellationToken cancellationToken) => parts.Database.ReadAsync((connection, token) => JobRows.FindAsync(connection, hub, jobId, token), cancellationToken);

    /// <summary>Null when the job is gone; else what it is after the work.</summary>
    internal async Task<JobRow?> RunAsync(Func<JobChange, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var done = await parts.Database.WriteAsync<JobRow?>(
            async (write, token) =>
            {
                if (await JobRows.LockAsync(write, parts.Database.Dialect, hub, jobId, token) is not { } row)
                {
                    return Result<JobRow?>.Of(null);
                }

                var change = new JobChange(write, row, parts);
                await work(change, token);
                if (change.Job != row)
                {
                    await JobRows.UpdateAsync(write, change.Job, token);
                }

                return change.Job;
            },
            cancellationToken);
        return done.Value;
    }
}
