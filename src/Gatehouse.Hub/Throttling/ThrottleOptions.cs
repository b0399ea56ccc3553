using Gatehouse.Contracts.Access;

namespace Gatehouse.Hub.Throttling;

/// <summary>Settings of throttling. Every limit is of one hub on one node.</summary>
/// <remarks>Off by default: the machine is its owner's, and no rate but its own speed is right for all; docs/decisions/0021. Source of the limits: IoT Hub "Quotas and throttling" page.</remarks>
public sealed record ThrottleOptions
{
    /// <summary>Edition whose limits hold. Default <see cref="ThrottleTier.Off"/>.</summary>
    public ThrottleTier Tier { get; init; }

    /// <summary>Units of that edition. 1–200, default 1.</summary>
    public int Units { get; init; } = 1;

    /// <summary>By which the limits of the edition are multiplied. 0.01–1,000, default 1. One operation a second or minute is always left.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>Limits of single classes, which go before those of the edition; null as value: no limit.</summary>
    public IReadOnlyDictionary<ThrottleClass, ThrottleRate?> Limits { get; init; } = new Dictionary<ThrottleClass, ThrottleRate?>();

    /// <summary>How long an operation may be held back before it is refused. 0–60 s, default 10 s, below every SDK's own time-out. A batch of more messages than come in that time is always refused. MQTT telemetry is held back for as long as it takes: the protocol cannot refuse a message.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests of one class and hub held back at once; what comes beyond is refused at once. 0–1,000,000, default 1,000. Telemetry is not counted: one message of each connection waits in the connection's own buffer.</summary>
    public int MaxHeld { get; init; } = 1_000;

    /// <summary>Whether a device that uses more than its share of a class goes behind those that use less. Default true.</summary>
    public bool IsFair { get; init; } = true;

    /// <summary>Limit of a class; null: none.</summary>
    public ThrottleRate? LimitOf(ThrottleClass operations) =>
        Limits.TryGetValue(operations, out var own) ? own : TierLimits.Of(Tier, Units, operations)?.Times(Scale);
}
