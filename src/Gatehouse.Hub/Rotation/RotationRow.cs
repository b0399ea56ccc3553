using Gatehouse.Hub.Rotation.Rules;

namespace Gatehouse.Hub.Rotation;

/// <summary>A row of <c>rotation_plans</c>.</summary>
internal sealed record RotationRow
{
    public string Hub { get; init; } = "";

    public string PlanId { get; init; } = "";

    public string Kind { get; init; } = "";

    public string Subject { get; init; } = "";

    public string FirstKey { get; init; } = "";

    public string Actor { get; init; } = "";

    public string State { get; init; } = "";

    public long Quiet { get; init; }

    public long AtLatest { get; init; }

    public string ETag { get; init; } = "";

    public long Created { get; init; }

    public long Started { get; init; }

    /// <summary>When the first credential was made anew; of plans over many identities, when they stopped because no canary had come through.</summary>
    public long Renewed { get; init; }

    public long Ended { get; init; }

    public long Watched { get; init; }

    public long Waited { get; init; }

    public long SeenUse { get; init; }

    public long Live { get; init; }

    public long OldWasUsed { get; init; }

    /// <summary>1: devices are told which key to use (not the key).</summary>
    public long Tells { get; init; }

    /// <summary>When it begins by itself, UTC ticks; 0 for one that somebody starts.</summary>
    public long Begins { get; init; }

    /// <summary>0: which key goes first is chosen once more when it begins by itself.</summary>
    public long IsFirstGiven { get; init; }

    /// <summary>1: made by the rule of its kind.</summary>
    public long ByRule { get; init; }

    public string Message { get; init; } = "";

    public string Owner { get; init; } = "";

    public long LeasedUntil { get; init; }

    /// <summary>The rule that makes it, until it is made.</summary>
    internal RuleOrder? Order { get; init; }

    /// <summary>Who writes, for the audit records of what the plan does.</summary>
    internal string StepActor => $"{Actor}/rotation:{PlanId}";

    /// <summary>The watch begins anew.</summary>
    internal RotationRow Rewatched() => this with { Watched = 0, Owner = "", LeasedUntil = 0 };
}
