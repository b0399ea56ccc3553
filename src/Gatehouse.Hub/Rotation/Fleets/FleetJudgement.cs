namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>What is to be done with a member.</summary>
internal enum FleetAct
{
    Nothing,

    /// <summary>Only what is written of it changes.</summary>
    Write,

    /// <summary>Regenerate the key that it moves to.</summary>
    Renew,

    /// <summary>Regenerate the key that it has left.</summary>
    Retire,

    /// <summary>Regenerate the key that it did not move to, so that what was handed out is worthless.</summary>
    Void,
}

/// <param name="Act">What.</param>
/// <param name="Member">As it is afterwards; the marks of a new key come with it.</param>
internal readonly record struct FleetVerdict(FleetAct Act, FleetMember Member);

/// <summary>Decides the next step of one member. Pure.</summary>
/// <param name="plan">Whose member; its <c>Waited</c> is the plan's clock.</param>
/// <param name="now">The wall clock: a use that lies after it would hide later ones.</param>
/// <param name="isLive">Whether somebody is connected by the key of this mark.</param>
internal sealed class FleetJudgement(RotationRow plan, DateTimeOffset now, Func<string, bool> isLive)
{
    private const string InUse = "The key that was to be regenerated first was in use all the time; nothing was changed.";
    private const string NotMoved = "It has not used the new key in time; its old key stays good.";
    private const string NothingChanged = "Nothing was changed.";

    internal FleetVerdict Judge(SeenMember seen)
    {
        var member = seen.Plain();
        if (seen.FindChange() is { } change)
        {
            return Write(member.End(FleetStates.Skipped, change));
        }

        if (plan.State == RotationStates.RollingBack)
        {
            return RollBack(member, HasMoved(seen));
        }

        return member.State switch
        {
            FleetStates.Listed => Write(member with { State = FleetStates.Waiting, Since = plan.Waited, Stepped = plan.Waited, SeenUse = seen.FirstUsed }),
            FleetStates.Waiting => JudgeWaiting(member, seen.FirstUsed),
            _ => JudgeMove(member, seen),
        };
    }

    private FleetVerdict JudgeWaiting(FleetMember member, long use)
    {
        if (IsQuiet(member, use))
        {
            return new FleetVerdict(FleetAct.Renew, member with { State = FleetStates.Renewed, Since = plan.Waited, Stepped = plan.Waited, SeenUse = 0, Reason = "" });
        }

        return IsLate(member) ? Write(member.End(FleetStates.Kept, InUse)) : Watch(member, use);
    }

    private FleetVerdict JudgeMove(FleetMember member, SeenMember seen)
    {
        var moved = member.State == FleetStates.Moved || !HasMoved(seen) ? member : member with { State = FleetStates.Moved };
        if (moved.State != FleetStates.Moved)
        {
            return IsLate(moved) ? Write(moved.End(FleetStates.Kept, NotMoved)) : Watch(moved, seen.LastUsed);
        }

        // The new key is known to work: now the old one may go, once nobody uses it or its time is over.
        return IsQuiet(moved, seen.LastUsed) || IsLate(moved) ? new FleetVerdict(FleetAct.Retire, moved.End(FleetStates.Done)) : Watch(moved, seen.LastUsed, isChanged: moved != member);
    }

    private static FleetVerdict RollBack(FleetMember member, bool hasMoved) => member.State switch
    {
        FleetStates.Listed or FleetStates.Waiting => Write(member.End(FleetStates.RolledBack, NothingChanged)),
        FleetStates.Renewed when !hasMoved => new FleetVerdict(FleetAct.Void, member.End(FleetStates.RolledBack, "It goes on with its old key; the one that was handed out does not work any more.")),
        _ => Write(member.End(FleetStates.Kept, "It has moved, and goes on with the new key; the old one stays good.")),
    };

    private bool HasMoved(SeenMember seen) => seen.FirstUsed > 0 || isLive(seen.FirstMark);

    private bool IsQuiet(FleetMember member, long use) => !IsUsed(member, use) && plan.Waited - member.Since >= plan.Quiet;

    private bool IsUsed(FleetMember member, long use) => use != member.SeenUse || use > now.UtcTicks || isLive(member.WatchedMark);

    private bool IsLate(FleetMember member) => plan.AtLatest > 0 && plan.Waited - member.Stepped >= plan.AtLatest;

    private FleetVerdict Watch(FleetMember member, long use, bool isChanged = false) =>
        IsUsed(member, use) ? Write(member with { Since = plan.Waited, SeenUse = use }) : new FleetVerdict(isChanged ? FleetAct.Write : FleetAct.Nothing, member);

    private static FleetVerdict Write(FleetMember member) => new(FleetAct.Write, member);
}
