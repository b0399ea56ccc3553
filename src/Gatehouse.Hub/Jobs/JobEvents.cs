using System.Collections.Immutable;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Jobs;

/// <summary>Tells this process's observers what became of jobs on single devices, after the commit. While nobody observes, it costs nothing.</summary>
public sealed class JobEvents(ILogger<JobEvents> log)
{
    private ImmutableArray<Action<JobEvent>> observers = [];

    /// <summary>Calls the observer for each change until disposed, on the writer's thread: it must be quick and must not throw.</summary>
    public IDisposable Subscribe(Action<JobEvent> observer)
    {
        ImmutableInterlocked.Update(ref observers, static (all, added) => all.Add(added), observer);
        return new Subscription(this, observer);
    }

    /// <summary>The state that a device's record has from this transaction on.</summary>
    internal void Add(WriteTransaction transaction, JobRow job, DeviceJobRow row)
    {
        if (observers.IsEmpty)
        {
            return;
        }

        var told = new JobEvent(HubName.Parse(row.Hub), row.Key, row.JobId, row.Status, new DateTimeOffset(row.Updated, TimeSpan.Zero), DeviceJobDocument.Write(row with { JobType = job.JobType }));
        transaction.AfterCommit(() => Tell(told));
    }

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
