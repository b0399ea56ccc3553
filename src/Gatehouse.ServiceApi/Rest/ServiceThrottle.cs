using System.Collections.Concurrent;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>Token buckets per hub and throttle class, when <see cref="ServiceApiOptions.ThrottleUnits"/> is set. Only authenticated calls count.</summary>
internal sealed class ServiceThrottle(ServiceApiOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<(HubName, ThrottleClass), Bucket> buckets = new();

    /// <summary>Null when the call may go on.</summary>
    internal HubError? TryTake(HubName hub, Operation row)
    {
        if (options.ThrottleUnits is not { } units || PerMinuteAndUnit(row.Throttle) is not { } rate)
        {
            return null;
        }

        var wait = buckets.GetOrAdd((hub, row.Throttle), _ => new Bucket(rate * units, time.GetTimestamp())).Take(time);
        return wait is null ? null : HubErrors.ThrottlingException.With($"Request is throttled. Wait {wait} seconds and try again. Operation type: {row.Name}");
    }

    // Source: IoT Hub "Quotas and throttling" page, S1 column.
    private static int? PerMinuteAndUnit(ThrottleClass throttle) => throttle switch
    {
        ThrottleClass.IdentityRegistry => 100,
        ThrottleClass.Bulk => 20,
        ThrottleClass.CloudToDeviceSends => 100,
        ThrottleClass.CloudToDeviceReceives => 1_000,
        ThrottleClass.Jobs => 100,
        ThrottleClass.DirectMethods => 2_400,
        ThrottleClass.TwinReads => 6_000,
        ThrottleClass.TwinWrites => 3_000,
        _ => null,
    };

    private sealed class Bucket(int perMinute, long created)
    {
        private readonly Lock gate = new();
        private double tokens = perMinute;
        private long refilled = created;

        /// <summary>Whole seconds to wait, or null when a token was there.</summary>
        internal int? Take(TimeProvider time)
        {
            lock (gate)
            {
                var now = time.GetTimestamp();
                tokens = Math.Min(perMinute, tokens + (time.GetElapsedTime(refilled, now).TotalMinutes * perMinute));
                refilled = now;
                if (tokens < 1)
                {
                    return (int)Math.Ceiling((1 - tokens) * 60 / perMinute);
                }

                tokens--;
                return null;
            }
        }
    }
}
