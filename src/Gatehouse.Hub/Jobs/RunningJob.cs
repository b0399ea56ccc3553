using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Jobs;

/// <summary>Does one job, from wherever it is to its end: chooses its devices, works on them, and sees to those that its time or a cancellation left over.</summary>
/// <remarks>Everything it knows lies in the store: it goes on after a crash, and on another node.</remarks>
internal sealed class RunningJob(HubName hub, string jobId, JobParts parts)
{
    private const int SelectionRows = 500;
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);

    private readonly JobTransactions transactions = new(hub, jobId, parts);

    /// <summary>Returns when the job has ended, is gone, or the server stops.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        // Off the caller's thread.
        await Task.Yield();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await WorkAsync(cancellationToken);
                return;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                parts.Log.JobInterrupted(hub.Value, jobId, error);
            }
            catch (Exception)
            {
                // The server stops; what was under way is in the store.
                return;
            }

            await Task.Delay(RestartPause, parts.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        var job = await transactions.RunAsync(StartAsync, cancellationToken);
        if (job?.Status == JobStates.Running)
        {
            await SelectAsync(job, cancellationToken);
            if (await RequeueAsync(cancellationToken) is { } selected)
            {
                await (job.IsMethod ? RunMethodsAsync(selected, cancellationToken) : UpdateTwinsAsync(selected, cancellationToken));
            }
        }
        else if (job?.Status == JobStates.Cancelled)
        {
            await RequeueAsync(cancellationToken);
        }

        await FinishAsync(cancellationToken);
    }

    private Task StartAsync(JobChange change, CancellationToken cancellationToken)
    {
        if (change.Job.Status is JobStates.Queued or JobStates.Scheduled)
        {
            // What an earlier version took and this one does not understand any more can only fail.
            change.Job = JobRules.CanRun(change.Job)
                ? change.Job with { Status = JobStates.Running, Started = parts.Now.UtcTicks }
                : change.Job with { Status = JobStates.Failed, Started = parts.Now.UtcTicks, Ended = parts.Now.UtcTicks };
        }

        return Task.CompletedTask;
    }

    // All devices first, then the work: a twin that the job itself changes stays chosen, or not chosen.
    private async Task SelectAsync(JobRow started, CancellationToken cancellationToken)
    {
        var targets = JobTargets.Parse(started.QueryCondition).Value;
        var job = started;
        while (job is { IsSelected: 0, Status: JobStates.Running } && parts.Now < job.Deadline)
        {
            var place = (job.SelectedDevice, job.SelectedModule);
            var found = await parts.Selection.ReadAsync(hub, targets, place, SelectionRows, cancellationToken);
            job = await transactions.RunAsync(
                async (change, token) =>
                {
                    if (change.Job.Status != JobStates.Running || (change.Job.SelectedDevice, change.Job.SelectedModule) != place)
                    {
                        return;
                    }

                    await change.AddAsync([.. found.Found.Select(each => New(change.Job, each))], token);
                    change.Job = change.Job with { SelectedDevice = found.Last.Device, SelectedModule = found.Last.Module, IsSelected = found.IsEnd ? 1 : 0 };
                },
                cancellationToken);
        }
    }

    // Methods that were under way when an earlier run ended: whether their devices ran them is not known, so they are asked again.
    private async Task<JobRow?> RequeueAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var job = await transactions.RunAsync(
                async (change, token) =>
                {
                    var rows = await DeviceJobRows.ReadAsync(change.Write, change.Job, DeviceJobStates.Running, SelectionRows, token);
                    await change.MoveAsync(DeviceJobStates.Running, [.. rows.Select(row => row with { Status = DeviceJobStates.Pending, NextTry = 0, Updated = parts.Now.UtcTicks })], token);
                },
                cancellationToken);
            if (job is not { RunningCount: > 0 })
            {
                return job;
            }
        }
    }

    private async Task UpdateTwinsAsync(JobRow selected, CancellationToken cancellationToken)
    {
        var work = new TwinWork(hub, JobRules.ReadUpdate(Encoding.UTF8.GetBytes(selected.Parameters)), parts);
        var job = selected;
        while (job is { Status: JobStates.Running, PendingCount: > 0 } && parts.Now < job.Deadline)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var pending = job.PendingCount;
            job = await transactions.RunAsync(work.RunBatchAsync, cancellationToken);

            // A batch pays once it is written: nobody waits within a transaction.
            await parts.Throttles.WaitAsync(hub, ThrottleClass.JobDeviceOperations, (int)(pending - (job?.PendingCount ?? pending)), cancellationToken);
        }
    }

    private async Task RunMethodsAsync(JobRow selected, CancellationToken cancellationToken)
    {
        using var work = new MethodWork(hub, selected, transactions, parts);
        await work.RunAsync(cancellationToken);
    }

    // What still waits is canceled or was not reached in time.
    private async Task FinishAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var job = await transactions.RunAsync(
                async (change, token) =>
                {
                    var isCancelled = change.Job.Status == JobStates.Cancelled;
                    var rows = await DeviceJobRows.ReadAsync(change.Write, change.Job, DeviceJobStates.Pending, SelectionRows, token);
                    await change.MoveAsync(DeviceJobStates.Pending, [.. rows.Select(row => isCancelled ? row.End(DeviceJobStates.Canceled, parts.Now) : TooLate(row))], token);
                    if (change.Job is { Status: JobStates.Running, PendingCount: 0 })
                    {
                        change.Job = change.Job with { Status = JobStates.Completed, Ended = parts.Now.UtcTicks };
                    }
                },
                cancellationToken);
            if (job is not { PendingCount: > 0 })
            {
                Log(job);
                return;
            }
        }
    }

    private void Log(JobRow? job)
    {
        if (job is not null)
        {
            parts.Log.JobEnded(hub.Value, jobId, job.SucceededCount, job.FailedCount);
        }
    }

    private DeviceJobRow TooLate(DeviceJobRow row)
    {
        var error = row.ErrorCode is null ? HubErrors.GatewayTimeout.With("The job's time was over before it came to this device.") : null;
        return row.End(DeviceJobStates.Failed, parts.Now, error) with { ErrorCode = error?.Name ?? row.ErrorCode, ErrorDescription = error?.Message ?? row.ErrorDescription };
    }

    private DeviceJobRow New(JobRow job, Queries.SelectedTwin twin) => new()
    {
        Hub = job.Hub,
        JobId = job.JobId,
        DeviceId = twin.DeviceId,
        ModuleId = twin.ModuleId,
        GenerationId = twin.GenerationId,
        Status = DeviceJobStates.Pending,
        Created = parts.Now.UtcTicks,
        Updated = parts.Now.UtcTicks,
    };
}
