using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>A row of <c>rotation_members</c>: a device or module of a plan.</summary>
internal record FleetMember
{
    public string Hub { get; init; } = "";

    public string PlanId { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public string ModuleId { get; init; } = "";

    public string GenerationId { get; init; } = "";

    public string FirstKey { get; init; } = "";

    public long IsCanary { get; init; }

    public long IsOpen { get; init; }

    public string State { get; init; } = "";

    public string FirstMark { get; init; } = "";

    public string LastMark { get; init; } = "";

    public long Since { get; init; }

    public long Stepped { get; init; }

    public long SeenUse { get; init; }

    public string Reason { get; init; } = "";

    internal IdentityKey Identity => new(Contracts.Identities.DeviceId.Parse(DeviceId), ModuleId.Length == 0 ? null : Contracts.Identities.ModuleId.Parse(ModuleId));

    internal string LastKey => FirstKey == CredentialName.PrimaryKey ? CredentialName.SecondaryKey : CredentialName.PrimaryKey;

    /// <summary>The key that its next step changes.</summary>
    internal string WatchedMark => State is FleetStates.Listed or FleetStates.Waiting ? FirstMark : LastMark;

    /// <summary>The plan is through with it.</summary>
    internal FleetMember End(string state, string reason = "") => this with { State = state, IsOpen = 0, Reason = reason };

    public override string ToString() => ModuleId.Length == 0 ? DeviceId : $"{DeviceId}/{ModuleId}";
}

/// <summary>A member with what the hub knows of it now.</summary>
internal sealed record SeenMember : FleetMember
{
    /// <summary>Null: the identity is gone.</summary>
    public string? PresentGeneration { get; init; }

    public string? PrimaryMark { get; init; }

    public string? SecondaryMark { get; init; }

    public long PrimaryUsed { get; init; }

    public long SecondaryUsed { get; init; }

    internal long FirstUsed => FirstKey == CredentialName.PrimaryKey ? PrimaryUsed : SecondaryUsed;

    internal long LastUsed => FirstKey == CredentialName.PrimaryKey ? SecondaryUsed : PrimaryUsed;

    /// <summary>Why the plan leaves it alone from now on; null while it is as the plan left it.</summary>
    internal string? FindChange()
    {
        var (first, last) = FirstKey == CredentialName.PrimaryKey ? (PrimaryMark, SecondaryMark) : (SecondaryMark, PrimaryMark);
        return PresentGeneration is null ? "It was deleted."
            : PresentGeneration != GenerationId ? "It was deleted and made anew."
            : FirstMark != first || LastMark != last ? "Its keys were changed by somebody else."
            : null;
    }

    internal FleetMember Plain() => new()
    {
        Hub = Hub,
        PlanId = PlanId,
        DeviceId = DeviceId,
        ModuleId = ModuleId,
        GenerationId = GenerationId,
        FirstKey = FirstKey,
        IsCanary = IsCanary,
        IsOpen = IsOpen,
        State = State,
        FirstMark = FirstMark,
        LastMark = LastMark,
        Since = Since,
        Stepped = Stepped,
        SeenUse = SeenUse,
        Reason = Reason,
    };
}

/// <summary>States of members.</summary>
internal static class FleetStates
{
    /// <summary>Its turn has not come.</summary>
    internal const string Listed = "listed";

    /// <summary>It may still use the key that is to be regenerated first.</summary>
    internal const string Waiting = "waiting";

    /// <summary>That key is new, and has not been used.</summary>
    internal const string Renewed = "renewed";

    /// <summary>It has used the new key, and may still use the old one.</summary>
    internal const string Moved = "moved";

    /// <summary>Both keys are new.</summary>
    internal const string Done = "done";

    /// <summary>The time was over before it had moved: what was good stays good.</summary>
    internal const string Kept = "kept";

    /// <summary>Somebody changed or deleted it.</summary>
    internal const string Skipped = "skipped";

    /// <summary>The plan cannot do anything for it, and does not try.</summary>
    internal const string LeftOut = "left-out";

    /// <summary>It goes on with its old key, and the one that was new is worthless.</summary>
    internal const string RolledBack = "rolled-back";
}
