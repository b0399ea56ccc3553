using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Throttling;

/// <summary>What one device or module uses of its hub's limits, over all its sessions, links and requests. From <see cref="Throttles.Join"/>; dispose it once for each call.</summary>
public sealed class DeviceShare : IDisposable
{
    private readonly DeviceShares owner;
    private readonly Meter?[] meters = new Meter?[Throttles.ClassCount];

    internal DeviceShare(DeviceShares owner, HubThrottle hub, IdentityKey identity) => (this.owner, Hub, Identity) = (owner, hub, identity);

    internal HubThrottle Hub { get; }

    internal IdentityKey Identity { get; }

    /// <summary>Of telemetry of this device alone; null: no limit.</summary>
    internal TokenBucket? Telemetry { get; init; }

    /// <summary>Those who hold it now; guarded by the owner.</summary>
    internal int Holders { get; set; }

    /// <summary>When the last holder left, ticks of the clock; guarded by the owner.</summary>
    internal long LeftAt { get; set; }

    public void Dispose() => owner.Leave(this);

    internal Meter MeterOf(ThrottleClass operations)
    {
        ref var place = ref meters[(int)operations];
        return Volatile.Read(ref place) ?? Interlocked.CompareExchange(ref place, new Meter(), null) ?? place;
    }
}
