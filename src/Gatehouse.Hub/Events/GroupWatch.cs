using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;

namespace Gatehouse.Hub.Events;

/// <summary>Tells a stream when its consumer group is gone: at once by signal, at the latest when it next asks.</summary>
internal sealed class GroupWatch : IDisposable
{
    private readonly HubName hub;
    private readonly string name;
    private readonly ConsumerGroups groups;
    private readonly IDisposable subscription;
    private readonly TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal GroupWatch(HubName hub, string name, ConsumerGroups groups, ISignals signals)
    {
        (this.hub, this.name, this.groups) = (hub, name, groups);
        subscription = signals.Subscribe(SignalSubjects.ConsumerGroupsChanged, OnChanged);
    }

    /// <summary>Completes when the group was deleted by someone, once.</summary>
    internal Task Changed => changed.Task;

    internal async Task<bool> ExistsAsync(CancellationToken cancellationToken) =>
        !changed.Task.IsCompleted && await groups.FindAsync(hub, name, cancellationToken) is not null;

    public void Dispose() => subscription.Dispose();

    private void OnChanged(Signal signal)
    {
        if (signal.Hub == hub.Value && (signal.Key.Length == 0 || string.Equals(signal.Key, name, StringComparison.OrdinalIgnoreCase)))
        {
            changed.TrySetResult();
        }
    }
}
