using System.Collections.Immutable;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Routing.Outbox;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Jobs;

/// <summary>Tells what became of jobs on single devices: routes by the outbox, in the transaction that does it; this process's observers after its commit. What nobody asks for costs a look at the hub's routes.</summary>
public sealed class JobEvents
{
    private readonly EventOutbox outbox;
    private readonly ILogger log;
    private ImmutableArray<Action<JobEvent>> observers = [];

    internal JobEvents(EventOutbox outbox, ILogger log) => (this.outbox, this.log) = (outbox, log);

    /// <summary>Calls the observer for each change until disposed, on the writer's thread: it must be quick and must not throw.</summary>
    public IDisposable Subscribe(Action<JobEvent> observer)
    {
        ImmutableInterlocked.Update(ref observers, static (all, added) => all.Add(added), observer);
        return new Subscription(this, observer);
    }

    /// <summary>The states that devices' records have from this transaction on.</summary>
    internal async Task AddAsync(WriteTransaction transaction, JobRow job, IReadOnlyList<DeviceJobRow> rows, CancellationToken cancellationToken)
    {
        var hub = HubName.Parse(job.Hub);
        var isWanted = await outbox.WantsAsync(hub, RouteSource.DeviceJobLifecycleEvents, cancellationToken);
        if (rows.Count == 0 || (!isWanted && observers.IsEmpty))
        {
            return;
        }

        var told = rows.Select(row => new JobEvent(
            hub, row.Key, row.JobId, row.Status, new DateTimeOffset(row.Updated, TimeSpan.Zero), DeviceJobDocument.Write(row with { JobType = job.JobType }))).ToList();
        if (!observers.IsEmpty)
        {
            transaction.AfterCommit(() => told.ForEach(Tell));
        }

        if (isWanted)
        {
            await outbox.AddAsync(transaction, hub, [.. told.Zip(rows, ToEvent)], cancellationToken);
        }
    }

    // Unconfirmed: the words of opType. A record begins as pending, untried.
    private static HubMadeEvent ToEvent(JobEvent told, DeviceJobRow row) => new(
        told.Hub, told.Key, RouteSource.DeviceJobLifecycleEvents, row is { Status: DeviceJobStates.Pending, Attempts: 0 } ? "createDeviceJob" : "updateDeviceJob", told.Time, told.Json);

    private void Tell(JobEvent told)
    {
        foreach (var observer in observers)
        {
            try
            {
                observer(told);
            }
            catch (Exception error)
            {
                log.JobObserverFailed(error);
            }
        }
    }

    private sealed class Subscription(JobEvents owner, Action<JobEvent> observer) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref owner.observers, static (all, gone) => all.Remove(gone), observer);
    }
}

/// <summary>Something that a job did on a device and that is durable.</summary>
/// <param name="Hub">Hub.</param>
/// <param name="Key">Device or module.</param>
/// <param name="JobId">Job.</param>
/// <param name="Status">Wire word: <c>pending</c>, <c>running</c>, <c>completed</c>, <c>failed</c> or <c>canceled</c>.</param>
/// <param name="Time">When.</param>
/// <param name="Json">The device's job document as <c>devices.jobs</c> shows it, UTF-8.</param>
public sealed record JobEvent(HubName Hub, IdentityKey Key, string JobId, string Status, DateTimeOffset Time, ReadOnlyMemory<byte> Json);
