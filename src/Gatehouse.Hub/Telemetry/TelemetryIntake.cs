using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Throttling;

namespace Gatehouse.Hub.Telemetry;

/// <summary>Where sessions hand in device-to-cloud messages.</summary>
public sealed class TelemetryIntake
{
    private readonly HubIntakes intakes;
    private readonly TelemetryOptions options;
    private readonly TelemetryMetrics metrics;
    private readonly Throttles throttles;

    internal TelemetryIntake(HubIntakes intakes, TelemetryOptions options, TelemetryMetrics metrics, Throttles throttles) =>
        (this.intakes, this.options, this.metrics, this.throttles) = (intakes, options, metrics, throttles);

    /// <summary>The way in for one session or link; those of one identity share its rate. All messages of a device, its modules' included, go to one partition.</summary>
    public async ValueTask<TelemetryChannel> OpenAsync(HubName hub, IdentityKey identity, CancellationToken cancellationToken)
    {
        var intake = await intakes.OpenAsync(hub, cancellationToken);
        return new TelemetryChannel(intake, PartitionOf(identity.Device, intake.PartitionCount), options, metrics, throttles, throttles.Join(hub, identity));
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
