using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.ImportExport;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Hub.Jobs;

/// <summary>Runs the jobs that are due: those of a hub on one node at a time, by a lease in the store where nodes share one.</summary>
internal sealed class JobRunner : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(20);

    /// <summary>Cancelled jobs that are swept beside those that run.</summary>
    private const int Sweeps = 10;

    private readonly Jobs jobs;
    private readonly ImportExportJobs transfers;
    private readonly HubDirectory directory;
    private readonly JobParts parts;
    private readonly ImportExportParts transferParts;
    private readonly string owner = Guid.NewGuid().ToString("N");
    private readonly Dictionary<HubName, HubJobs> hubs = [];
    private TaskCompletionSource wake = New();

    internal JobRunner(Jobs jobs, ImportExportJobs transfers, HubDirectory directory, JobParts parts, ImportExportParts transferParts)
    {
        (this.jobs, this.transfers, this.directory, this.parts, this.transferParts) = (jobs, transfers, directory, parts, transferParts);
        jobs.Changed += OnChanged;
        transfers.Changed += OnChanged;
    }

    private bool IsAlone => parts.Database.Dialect.Name == "sqlite";

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        jobs.Changed -= OnChanged;
        transfers.Changed -= OnChanged;
        await base.StopAsync(cancellationToken);
        foreach (var (hub, running) in hubs)
        {
            await running.StopAsync();
            await ReleaseAsync(hub, running);
        }
    }

    /// <summary>Begins what is due in all hubs.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var hub in directory.All)
        {
            try
            {
                await LookAfterAsync(hub.Name, cancellationToken);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                parts.Log.JobsNotRead(hub.Name.Value, error);
                await EndWithoutLeaseAsync(hub.Name);
            }
        }
    }

    /// <summary>Completes when nothing that was begun runs any more.</summary>
    internal Task WhenIdleAsync() => Task.WhenAll(hubs.Values.Select(each => each.WhenIdleAsync()));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Before the look: a job that is made during it is looked for once more.
            var woken = New();
            Volatile.Write(ref wake, woken);
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.WhenAny(woken.Task, Task.Delay(Round, parts.Time, stoppingToken));
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void OnChanged() => Volatile.Read(ref wake).TrySetResult();

    private async Task LookAfterAsync(HubName hub, CancellationToken cancellationToken)
    {
        var running = hubs.TryGetValue(hub, out var known) ? known : hubs[hub] = new HubJobs();
        running.Forget();
        var (due, cancelled, active) = await parts.Database.ReadAsync(
            async (connection, token) => (
                await JobRows.FindDueAsync(connection, hub, parts.Now, parts.Options.MaxActive, token),
                await JobRows.FindCancelledAsync(connection, hub, parts.Options.MaxActive + Sweeps, token),
                await ImportExportRows.FindActiveAsync(connection, hub, token)),
            cancellationToken);
        if (due.Count + cancelled.Count + active.Count == 0 && running.IsEmpty)
        {
            await ReleaseAsync(hub, running);
            return;
        }

        if (!await LeaseAsync(hub, running, cancellationToken))
        {
            await running.StopAsync();
            return;
        }

        foreach (var jobId in due)
        {
            running.Begin(JobRun.Work, jobId, parts.Options.MaxActive, stopping => new RunningJob(hub, jobId, parts).RunAsync(stopping));
        }

        foreach (var jobId in cancelled)
        {
            running.Begin(JobRun.Sweep, jobId, Sweeps, stopping => new RunningJob(hub, jobId, parts).RunAsync(stopping));
        }

        // No job's id has a slash. A cancelled one may still wait for its storage service: it keeps no other from beginning.
        foreach (var jobId in active)
        {
            running.Begin(JobRun.Transfer, $"/{jobId}", int.MaxValue, stopping => new RunningImportExport(hub, jobId, transferParts).RunAsync(stopping));
        }
    }

    private async Task<bool> LeaseAsync(HubName hub, HubJobs running, CancellationToken cancellationToken)
    {
        if (IsAlone || running.LeasedUntil - parts.Now > Lease / 2)
        {
            return true;
        }

        var until = parts.Now + Lease;
        var leased = await parts.Database.WriteAsync<bool>(async (write, token) => await JobRows.LeaseAsync(write, hub, owner, parts.Now.UtcTicks, until.UtcTicks, token), cancellationToken);
        running.LeasedUntil = leased is { IsOk: true, Value: true } ? until : default;
        return leased is { IsOk: true, Value: true };
    }

    // Another node may take over in a moment.
    private async Task EndWithoutLeaseAsync(HubName hub)
    {
        if (!IsAlone && hubs.TryGetValue(hub, out var running) && parts.Now > running.LeasedUntil - (Lease / 4))
        {
            await running.StopAsync();
        }
    }

    private async Task ReleaseAsync(HubName hub, HubJobs running)
    {
        if (running.LeasedUntil == default)
        {
            return;
        }

        running.LeasedUntil = default;
        try
        {
            await parts.Database.WriteAsync<bool>(
                async (write, token) =>
                {
                    await JobRows.ReleaseAsync(write, hub, owner, token);
                    return true;
                },
                CancellationToken.None);
        }
        catch (Exception error)
        {
            // It runs out by itself.
            parts.Log.JobsNotRead(hub.Value, error);
        }
    }
}
