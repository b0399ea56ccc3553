using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Store.Rotation;

/// <summary>Rules that make plans for keys of some age, one for each kind. Implemented by the hub's room, once for hubs and once for what <see cref="IRotatedKeys"/> has (decisions/0049).</summary>
public interface IRotationRules
{
    /// <summary>In the order of kinds, with how many keys are over age now.</summary>
    Task<IReadOnlyList<RuleView>> ListAsync(HubName tenant, CancellationToken cancellationToken);

    /// <summary>Makes a rule, or replaces it. ArgumentInvalid.</summary>
    Task<Result<RuleView>> SetAsync(HubName tenant, string kind, RuleInput input, string actor, CancellationToken cancellationToken);

    /// <summary>Takes a rule away as it was; its plans go on. GenericNotFound.</summary>
    Task<Result<RuleView>> RemoveAsync(HubName tenant, string kind, string actor, CancellationToken cancellationToken);

    /// <summary>What will be rotated next by a rule, the oldest first. GenericNotFound, ArgumentInvalid.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="kind">Of which kind.</param>
    /// <param name="max">1–1,000.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    Task<Result<IReadOnlyList<DueView>>> ListDueAsync(HubName tenant, string kind, int max, CancellationToken cancellationToken);
}

/// <summary>How old keys may become, and how their plans are made.</summary>
public sealed record RuleInput
{
    /// <summary>Keys that are older get a plan. Seconds, 60–315,360,000 (ten years), and two watches (<see cref="UnusedForSeconds"/>) or more. Source: own.</summary>
    public long? MaxAgeSeconds { get; init; }

    /// <summary>As that of plans. Seconds, 10–34,560,000, default 86,400. Source: own.</summary>
    public long? UnusedForSeconds { get; init; }

    /// <summary>As that of plans. Seconds, 10–34,560,000; null for as long as it takes, for devices for as long as the maximum age (400 days at most). Source: own.</summary>
    public long? AtLatestSeconds { get; init; }

    /// <summary>Most that are under way at a time: devices and modules, default 1,000, or plans, default 10. 1–10,000. Who keeps a step waiting for more than two watches does not count any more. Source: own.</summary>
    public int? AtOnce { get; init; }

    /// <summary>Of <c>device-key</c>, as that of plans.</summary>
    public bool Tell { get; init; }

    /// <summary>Of <c>device-key</c>: how many of each plan go first, 0–1,000. Source: own.</summary>
    public int? Canary { get; init; }
}

/// <summary>A rule, and how it stands.</summary>
public sealed record RuleView
{
    public required string Kind { get; init; }

    public required long MaxAgeSeconds { get; init; }

    public required long UnusedForSeconds { get; init; }

    public long? AtLatestSeconds { get; init; }

    public required long AtOnce { get; init; }

    public required bool Tell { get; init; }

    public required long Canary { get; init; }

    /// <summary>Pairs with a key that is older than it may be.</summary>
    public required long OverAge { get; init; }

    /// <summary>Of them, those that should have been rotated by now: older by more than two watches and a fiftieth of the maximum age.</summary>
    public required long Overdue { get; init; }

    /// <summary>When the next pair becomes over age, or did; null without keys.</summary>
    public DateTime? NextDue { get; init; }

    /// <summary>What it did at its last look, or what holds it up.</summary>
    public required string Message { get; init; }

    public required DateTime Changed { get; init; }
}

/// <summary>A pair of keys that a rule will rotate.</summary>
public sealed record DueView
{
    /// <summary>Subject of its plan; of devices the id or <c>device/module</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>When the older of its keys was made, or first seen.</summary>
    public required DateTime Made { get; init; }

    /// <summary>When it is over age.</summary>
    public required DateTime Due { get; init; }

    /// <summary><c>later</c>, <c>due</c>, <c>in-plan</c>, <c>tried</c> (it is tried again at <see cref="Retry"/>) or <c>left-out</c> (its keys are another rule's affair).</summary>
    public required string State { get; init; }

    /// <summary>The open plan that it is in.</summary>
    public string? Plan { get; init; }

    /// <summary>Why it was not rotated until now, as far as that is known.</summary>
    public string? Reason { get; init; }

    /// <summary>When it gets a new plan if it is still over age; null unless it was tried.</summary>
    public DateTime? Retry { get; init; }
}
