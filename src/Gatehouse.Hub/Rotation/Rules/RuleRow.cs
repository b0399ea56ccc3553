using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>A row of <c>rotation_rules</c>.</summary>
internal sealed record RuleRow
{
    private static readonly TimeSpan MinRetry = TimeSpan.FromMinutes(1);

    /// <summary>Most that a try is held back.</summary>
    internal static readonly TimeSpan MaxRetry = TimeSpan.FromDays(7);

    public string Hub { get; init; } = "";

    public string Kind { get; init; } = "";

    public long MaxAge { get; init; }

    public long Quiet { get; init; }

    public long AtLatest { get; init; }

    public long Tells { get; init; }

    public long Canary { get; init; }

    public long AtOnce { get; init; }

    public string Actor { get; init; } = "";

    public long Changed { get; init; }

    public long Begun { get; init; }

    public string Message { get; init; } = "";

    public string Owner { get; init; } = "";

    public long LeasedUntil { get; init; }

    internal HubName Tenant => HubName.Parse(Hub);

    /// <summary>How far two plans over devices lie apart, so that a plan has many of them and there are few plans.</summary>
    internal long Spacing => MaxAge / 50;

    /// <summary>How old keys are that should have been rotated by now: as long as a plan takes when all goes well.</summary>
    internal long Overdue => MaxAge + (2 * Quiet) + Spacing;

    /// <summary>When what is tried now may be tried again.</summary>
    internal long RetryAfter => Math.Clamp(MaxAge / 10, MinRetry.Ticks, MaxRetry.Ticks);
}
