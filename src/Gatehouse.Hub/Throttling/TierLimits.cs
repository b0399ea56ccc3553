using Gatehouse.Contracts.Access;

namespace Gatehouse.Hub.Throttling;

/// <summary>What each edition of the service allows a hub. A table.</summary>
/// <remarks>Source: IoT Hub "Quotas and throttling" page, operation throttles. Direct methods: 160 KB, 480 KB and 24 MB a second and unit in steps of 4 KB.</remarks>
internal static class TierLimits
{
    /// <summary>Null: the service does not limit this class.</summary>
    internal static ThrottleRate? Of(ThrottleTier tier, int units, ThrottleClass operations)
    {
        var size = tier switch
        {
            ThrottleTier.F1 or ThrottleTier.B1 or ThrottleTier.S1 => 0,
            ThrottleTier.B2 or ThrottleTier.S2 => 1,
            ThrottleTier.B3 or ThrottleTier.S3 => 2,
            _ => -1,
        };
        if (size < 0)
        {
            return null;
        }

        return operations switch
        {
            ThrottleClass.IdentityRegistry => PerMinute(units, size, 100, 100, 5_000),
            ThrottleClass.Bulk => PerMinute(units, size, 20, 20, 1_000),
            ThrottleClass.Queries => PerMinute(units, size, 20, 20, 1_000),
            ThrottleClass.DeviceConnections or ThrottleClass.DeviceToCloudSends => size == 0 ? PerSecond(Math.Max(100, 12 * units)) : PerSecond((size == 1 ? 120 : 6_000) * units),
            ThrottleClass.CloudToDeviceSends => PerMinute(units, size, 100, 100, 5_000),
            ThrottleClass.CloudToDeviceReceives => PerMinute(units, size, 1_000, 1_000, 50_000),
            ThrottleClass.FileUploads => PerMinute(units, size, 100, 100, 5_000),
            ThrottleClass.DirectMethods => PerSecond((size == 0 ? 40 : size == 1 ? 120 : 6_000) * units),
            ThrottleClass.TwinReads => PerSecond(size == 0 ? 100 : size == 1 ? Math.Max(100, 10 * units) : 500 * units),
            ThrottleClass.TwinWrites => PerSecond(size == 0 ? 50 : size == 1 ? Math.Max(50, 5 * units) : 250 * units),
            ThrottleClass.Jobs => PerMinute(units, size, 100, 100, 5_000),
            ThrottleClass.JobDeviceOperations => PerSecond(size == 0 ? 10 : size == 1 ? Math.Max(10, units) : 50 * units),
            ThrottleClass.Configurations => PerMinute(units, size, 20, 20, 20),
            _ => null,
        };
    }

    private static ThrottleRate PerMinute(int units, int size, int first, int second, int third) => ThrottleRate.PerMinute((double)units * (size == 0 ? first : size == 1 ? second : third));

    private static ThrottleRate PerSecond(int operations) => new(operations, TimeSpan.FromSeconds(1));
}
