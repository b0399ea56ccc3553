using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Throttling;

/// <summary>The shares of devices that are here, and of those that left a moment ago: connecting again does not make a greedy device a modest one.</summary>
/// <remarks>Only identities that proved who they are come in, so that the table is no larger than the connections and what came and went in <see cref="Memory"/>.</remarks>
internal sealed class DeviceShares(TimeProvider time)
{
    /// <summary>A share that rested for as long is like a new one: no class has a longer period.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(2);

    private readonly Lock gate = new();
    private readonly Dictionary<(HubName, IdentityKey), DeviceShare> shares = [];
    private readonly Queue<(DeviceShare Share, long LeftAt)> left = new();

    internal int Count
    {
        get
        {
            lock (gate)
            {
                return shares.Count;
            }
        }
    }

    internal DeviceShare Join(HubThrottle hub, IdentityKey identity, Func<TokenBucket?> telemetry)
    {
        lock (gate)
        {
            Forget();
            if (!shares.TryGetValue((hub.Name, identity), out var share))
            {
                shares.Add((hub.Name, identity), share = new DeviceShare(this, hub, identity) { Telemetry = telemetry() });
            }

            share.Holders++;
            return share;
        }
    }

    internal void Leave(DeviceShare share)
    {
        lock (gate)
        {
            Forget();
            if (--share.Holders == 0)
            {
                share.LeftAt = time.GetTimestamp();
                left.Enqueue((share, share.LeftAt));
            }
        }
    }

    // A few at a time: nobody waits for all of a fleet that left.
    private void Forget()
    {
        for (var i = 0; i < 4 && left.TryPeek(out var oldest) && time.GetElapsedTime(oldest.LeftAt) > Memory; i++)
        {
            left.Dequeue();
            if (oldest.Share.Holders == 0 && oldest.Share.LeftAt == oldest.LeftAt)
            {
                shares.Remove((oldest.Share.Hub.Name, oldest.Share.Identity));
            }
        }
    }
}
