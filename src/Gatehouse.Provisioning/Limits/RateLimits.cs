using System.Collections.Concurrent;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Provisioning.Limits;

/// <summary>Limits of rate at every door. Only who has proved who it is takes from them; where none is set nothing is counted.</summary>
internal sealed class RateLimits(ProvisioningOptions options, ProvisioningMetrics metrics, TimeProvider time)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan TenSeconds = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<HubName, InstanceRates> services = new();
    private readonly LimitOptions limits = options.Limits;

    /// <summary>A device's operation: null when it may go on, else TooManyRequests with the time to wait.</summary>
    internal HubError? Take(HubName service, string registrationId, ThrottleClass operations) => operations == ThrottleClass.DeviceRegistrations
        ? (limits.RegistrationsPerMinute == 0 ? null : Of(service).TakeRegistration(registrationId.ToLowerInvariant()) is { } wait ? Refused(operations, wait) : null)
        : limits.PollsPerTenSeconds == 0 ? null
        : Of(service).TakePoll(registrationId.ToLowerInvariant()) is { } late ? Refused(operations, late) : null;

    /// <summary>A call of the service API.</summary>
    internal HubError? TakeCall(HubName service) =>
        limits.CallsPerMinute == 0 || Of(service).TakeCall() is not { } wait ? null : Refused(ThrottleClass.ProvisioningCalls, wait);

    private InstanceRates Of(HubName service) => services.GetOrAdd(service, static (_, all) => new InstanceRates(all.limits, all.time), (limits, time));

    private HubError Refused(ThrottleClass operations, TimeSpan wait)
    {
        metrics.Throttled(operations);
        return ProvisioningErrors.TooManyRequests with { RetryAfterSeconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) };
    }

    private sealed class InstanceRates(LimitOptions limits, TimeProvider time)
    {
        private readonly RateLimit registrations = new(Math.Max(1, limits.RegistrationsPerMinute), Minute, time);
        private readonly RateLimit calls = new(Math.Max(1, limits.CallsPerMinute), Minute, time);
        private readonly Recent<bool> registered = new(Minute, time);
        private readonly Recent<RateLimit> polls = new(TenSeconds, time);
        private readonly Lock gate = new();

        // Those that were let in are remembered: as many as the limit has, twice at most.
        internal TimeSpan? TakeRegistration(string device)
        {
            lock (gate)
            {
                if (!registrations.TryTake(isModest: !registered.TryGet(device, out _), out var wait))
                {
                    return wait;
                }

                registered.Set(device, true);
                return null;
            }
        }

        internal TimeSpan? TakePoll(string device)
        {
            lock (gate)
            {
                var own = polls.TryGet(device, out var known) ? known! : new RateLimit(limits.PollsPerTenSeconds, TenSeconds, time);
                polls.Set(device, own);
                return own.TryTake(isModest: true, out var wait) ? null : wait;
            }
        }

        internal TimeSpan? TakeCall() => calls.TryTake(isModest: true, out var wait) ? null : wait;
    }
}
