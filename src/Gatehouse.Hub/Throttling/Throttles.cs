using System.Collections.Concurrent;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Telemetry;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Throttling;

/// <summary>Limits of rate, by hub and class of operation. Ask only for callers who have proved who they are: nobody else can use a hub's limits up.</summary>
/// <remarks>An operation beyond a limit is held back first (traffic shaping) and refused when that would take longer than <see cref="ThrottleOptions.Hold"/>.</remarks>
public sealed class Throttles
{
    internal static readonly int ClassCount = Enum.GetValues<ThrottleClass>().Length;

    private readonly ThrottleOptions options;
    private readonly ThrottleReports reports;
    private readonly TimeProvider time;
    private readonly DeviceShares shares;
    private readonly ThrottleRate? deviceMessages;
    private readonly ConcurrentDictionary<HubName, HubThrottle> hubs = new();

    internal Throttles(ThrottleOptions options, TelemetryOptions telemetry, ThrottleMetrics metrics, TimeProvider time, ILogger<Throttles> log)
    {
        (this.options, this.time) = (options, time);
        Clock = new ThrottleClock(time);
        shares = new DeviceShares(time);
        reports = new ThrottleReports(metrics, time, log);
        deviceMessages = telemetry.DeviceMessagesPerSecond is { } messages ? new ThrottleRate(messages, TimeSpan.FromSeconds(1)) : null;
        HasLimits = deviceMessages is not null || Enum.GetValues<ThrottleClass>().Any(each => options.LimitOf(each) is not null);
    }

    /// <summary>False: everything passes.</summary>
    public bool HasLimits { get; }

    /// <summary>How long an operation may be held back.</summary>
    public TimeSpan Hold => options.Hold;

    internal int SharesCount => shares.Count;

    /// <summary>The share of a device or module that proved who it is; null when nothing is limited.</summary>
    public DeviceShare? Join(HubName hub, IdentityKey identity) =>
        HasLimits ? shares.Join(Of(hub), identity, () => deviceMessages is { } rate ? new TokenBucket(rate, Clock.TicksPerSecond) : null) : null;

    /// <summary>Lets an operation of a back end through, at once or after a while; else ThrottlingException with the time after which it succeeds.</summary>
    /// <param name="hub">Of the caller.</param>
    /// <param name="row">What it wants to do.</param>
    /// <param name="cost">Operations that it counts for; at least 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<HubError?> PassAsync(HubName hub, Operation row, int cost, CancellationToken cancellationToken) =>
        HasLimits ? PassAsync(Of(hub), null, row, cost, null, cancellationToken) : default;

    /// <summary>The same for an operation of a device or module; a null share: nothing is limited.</summary>
    public ValueTask<HubError?> PassAsync(DeviceShare? share, Operation row, CancellationToken cancellationToken) => PassAsync(share, row, null, cancellationToken);

    /// <summary>The same for an operation that waited already, for others before it.</summary>
    /// <param name="share">Of the device.</param>
    /// <param name="row">What it wants to do.</param>
    /// <param name="since">Time stamp of its arrival: from then on it is held back at most for <see cref="Hold"/>. Null: now.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<HubError?> PassAsync(DeviceShare? share, Operation row, long? since, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(row);
        return share is null ? default : PassAsync(share.Hub, share.Hub[row.Throttle] is null ? null : share.MeterOf(row.Throttle), row, 1, since, cancellationToken);
    }

    /// <summary>Takes what an operation turned out to cost beyond what it was let through for.</summary>
    public void Charge(HubName hub, Operation row, int cost)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (HasLimits && cost > 0)
        {
            Of(hub)[row.Throttle]?.Charge(cost, Clock.Now);
        }
    }

    /// <summary>Waits until so many operations may be done, for as long as it takes: for work that the server does itself, such as jobs.</summary>
    public async ValueTask WaitAsync(HubName hub, ThrottleClass operations, int count, CancellationToken cancellationToken)
    {
        if (HasLimits && count > 0 && Of(hub)[operations] is { } limit)
        {
            while (!limit.TryTake(count, null, Clock.Now, out var wait))
            {
                await Task.Delay(Clock.SpanOf(wait), time, cancellationToken);
            }
        }
    }

    internal ThrottleClock Clock { get; }

    /// <summary>A message is held back; once for each.</summary>
    internal void HeldBack(HubName hub) => reports.Held(hub, ThrottleClass.DeviceToCloudSends);

    /// <summary>Telemetry that could not be held back any longer.</summary>
    /// <param name="share">Of the device.</param>
    /// <param name="wait">Ticks after which it would pass.</param>
    internal HubError Refuse(DeviceShare share, long wait) => Refuse(share.Hub, Operations.SendTelemetry, wait);

    private HubThrottle Of(HubName hub) => hubs.GetOrAdd(hub, static (name, made) => new HubThrottle(name, made.options, made.Clock), (options, Clock));

    private ValueTask<HubError?> PassAsync(HubThrottle hub, Meter? device, Operation row, int cost, long? since, CancellationToken cancellationToken)
    {
        if (hub[row.Throttle] is not { } limit || limit.TryTake(cost, device, Clock.Now, out var wait))
        {
            return default;
        }

        return HoldAsync(hub, limit, device, row, cost, wait, since ?? time.GetTimestamp(), cancellationToken);
    }

    private async ValueTask<HubError?> HoldAsync(HubThrottle hub, ClassThrottle limit, Meter? device, Operation row, int cost, long wait, long since, CancellationToken cancellationToken)
    {
        if (IsTooLong(wait, since))
        {
            return Refuse(hub, row, wait);
        }

        if (!limit.TryHold(options.MaxHeld))
        {
            return Refuse(hub, row, wait);
        }

        reports.Held(hub.Name, row.Throttle);
        try
        {
            while (true)
            {
                await Task.Delay(Clock.SpanOf(wait), time, cancellationToken);
                if (limit.TryTake(cost, device, Clock.Now, out wait))
                {
                    return null;
                }

                if (IsTooLong(wait, since))
                {
                    return Refuse(hub, row, wait);
                }
            }
        }
        finally
        {
            limit.Release();
        }
    }

    private bool IsTooLong(long wait, long since) => Clock.SpanOf(wait) > options.Hold - time.GetElapsedTime(since);

    // Observed: the words of the service, with the class of the operation for reads of the registry.
    private HubError Refuse(HubThrottle hub, Operation row, long wait)
    {
        reports.Refused(hub.Name, row.Throttle);
        var seconds = (int)Math.Clamp(Math.Ceiling(Clock.SpanOf(wait).TotalSeconds), 1, int.MaxValue);
        return HubErrors.ThrottlingException.With($"Request is throttled. Wait {seconds} seconds and try again. Operation type: {NameOf(row)}") with { RetryAfterSeconds = seconds };
    }

    private static string NameOf(Operation row) => row.Throttle != ThrottleClass.IdentityRegistry ? row.Name
        : row.AnyOf.Contains(Rights.RegistryRead) ? "RegistryRead" : "RegistryWrite";
}
