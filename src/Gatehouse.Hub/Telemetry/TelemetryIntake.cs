using System.Collections.Concurrent;
using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Routing;

namespace Gatehouse.Hub.Telemetry;

/// <summary>Where sessions hand in device-to-cloud messages.</summary>
public sealed class TelemetryIntake
{
    private readonly HubIntakes intakes;
    private readonly TelemetryOptions options;
    private readonly TelemetryMetrics metrics;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<HubName, MessageRate> hubRates = new();
    private readonly ConcurrentDictionary<(HubName, IdentityKey), MessageRate> deviceRates = new();

    internal TelemetryIntake(HubIntakes intakes, TelemetryOptions options, TelemetryMetrics metrics, TimeProvider time) =>
        (this.intakes, this.options, this.metrics, this.time) = (intakes, options, metrics, time);

    /// <summary>The way in for one session or link; those of one identity share its rate. All messages of a device, its modules' included, go to one partition.</summary>
    public async ValueTask<TelemetryChannel> OpenAsync(HubName hub, IdentityKey identity, CancellationToken cancellationToken)
    {
        var intake = await intakes.OpenAsync(hub, cancellationToken);
        return new TelemetryChannel(intake, PartitionOf(identity.Device, intake.PartitionCount), options, metrics)
        {
            DeviceRate = options.DeviceMessagesPerSecond is { } perDevice ? deviceRates.GetOrAdd((hub, identity), static (_, made) => new MessageRate(made.perDevice, made.time), (perDevice, time)) : null,
            HubRate = options.HubMessagesPerSecond is { } perHub ? hubRates.GetOrAdd(hub, static (_, made) => new MessageRate(made.perHub, made.time), (perHub, time)) : null,
        };
    }

    // FNV-1a: the partition of a device must be the same on every node and after every upgrade.
    internal static int PartitionOf(DeviceId device, int partitions)
    {
        var hash = 2166136261u;
        foreach (var character in Encoding.ASCII.GetBytes(device.Value))
        {
            hash = (hash ^ character) * 16777619u;
        }

        return (int)((hash ^ (hash >> 16)) % (uint)partitions);
    }
}
