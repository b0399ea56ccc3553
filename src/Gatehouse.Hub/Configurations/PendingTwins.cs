using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Configurations;

/// <summary>Devices and modules that this node changed and that are to be evaluated. What changes nothing that a configuration looks at never gets here.</summary>
internal sealed class PendingTwins(ConfigurationSets sets, TwinChanges changes, ConfigurationApplier applier, ConfigurationOptions options) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<HubName, HashSet<IdentityKey>> pending = [];
    private readonly HashSet<HubName> overrun = [];
    private readonly HashSet<HubName> watched = [];
    private IDisposable? subscription;

    /// <summary>Called on the writer's thread: must be quick.</summary>
    internal event Action? Added;

    internal bool IsEmpty
    {
        get
        {
            lock (gate)
            {
                return pending.Count == 0 && overrun.Count == 0;
            }
        }
    }

    /// <summary>While no hub has a configuration, changes of twins cost nothing.</summary>
    internal void Watch(HubName hub, bool isWanted)
    {
        lock (gate)
        {
            _ = isWanted ? watched.Add(hub) : watched.Remove(hub);
            if (watched.Count > 0)
            {
                subscription ??= changes.Subscribe(OnChanged);
            }
            else
            {
                subscription?.Dispose();
                subscription = null;
            }
        }
    }

    /// <summary>Takes some; empty when there are none.</summary>
    internal IReadOnlyList<IdentityKey> Take(HubName hub, int most)
    {
        lock (gate)
        {
            if (!pending.TryGetValue(hub, out var keys))
            {
                return [];
            }

            List<IdentityKey> taken = [.. keys.Take(most)];
            keys.ExceptWith(taken);
            if (keys.Count == 0)
            {
                pending.Remove(hub);
            }

            return taken;
        }
    }

    /// <summary>Whether there were more than may wait, since this was last asked.</summary>
    internal bool TakeOverrun(HubName hub)
    {
        lock (gate)
        {
            return overrun.Remove(hub);
        }
    }

    internal void Add(HubName hub, IEnumerable<IdentityKey> units)
    {
        var isAny = false;
        lock (gate)
        {
            foreach (var unit in units)
            {
                isAny = true;
                if (!pending.TryGetValue(hub, out var keys))
                {
                    pending[hub] = keys = [];
                }

                if (keys.Count < options.MaxPending)
                {
                    keys.Add(unit);
                }
                else
                {
                    pending.Remove(hub);
                    overrun.Add(hub);
                }
            }
        }

        if (isAny)
        {
            Added?.Invoke();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            subscription?.Dispose();
            subscription = null;
        }
    }

    private void OnChanged(TwinChange change)
    {
        if (!applier.Own.Contains(change))
        {
            Add(change.Hub, sets.Peek(change.Hub).UnitsOf(change));
        }
    }
}
