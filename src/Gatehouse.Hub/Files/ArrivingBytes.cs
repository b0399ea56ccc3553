using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Files;

/// <summary>Announced bytes of bodies on their way, by hub and by device: what the store cannot count yet.</summary>
internal sealed class ArrivingBytes
{
    private readonly Lock gate = new();
    private readonly Dictionary<(HubName Hub, string? Device), long> bytes = [];

    /// <summary>Counts them until it is disposed.</summary>
    internal Arrival Begin(HubName hub, string blob, long count)
    {
        var device = BlobNames.DeviceOf(blob);
        lock (gate)
        {
            return new Arrival(this, hub, device, count) { OfHub = Add((hub, null), count), OfDevice = Add((hub, device), count) };
        }
    }

    private long Add((HubName, string?) of, long count)
    {
        var sum = bytes.GetValueOrDefault(of) + count;
        if (sum == 0)
        {
            bytes.Remove(of);
        }
        else
        {
            bytes[of] = sum;
        }

        return sum;
    }

    private void End(HubName hub, string device, long count)
    {
        lock (gate)
        {
            Add((hub, null), -count);
            Add((hub, device), -count);
        }
    }

    /// <summary>One body; disposed once.</summary>
    internal sealed class Arrival(ArrivingBytes owner, HubName hub, string device, long count) : IDisposable
    {
        /// <summary>With this one.</summary>
        internal required long OfHub { get; init; }

        /// <summary>With this one.</summary>
        internal required long OfDevice { get; init; }

        public void Dispose() => owner.End(hub, device, count);
    }
}
