using System.Globalization;

namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>How far the members of a plan are.</summary>
/// <param name="Canary">Those that go first.</param>
/// <param name="All">With them.</param>
internal sealed record FleetProgress(RotationProgress Canary, RotationProgress All)
{
    internal static FleetProgress Of(IReadOnlyList<FleetCount> counts) => new(Sum(counts.Where(static each => each.IsCanary == 1)), Sum(counts));

    public override string ToString()
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{All.Waiting} wait, {All.Renewed} have a new key that they have not used yet, {All.Moved} have moved and may still use the old one, {All.Done} are through");
        text += All.Kept + All.Skipped + All.RolledBack == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {All.Kept} keep their old key, {All.Skipped} were skipped, {All.RolledBack} rolled back");
        return text + (Canary.Open > 0 ? string.Create(CultureInfo.InvariantCulture, $". The {Canary.Open} of the canary group that are not through come first.") : ".");
    }

    private static RotationProgress Sum(IEnumerable<FleetCount> counts)
    {
        var all = counts.ToList();
        return new RotationProgress
        {
            Waiting = In(FleetStates.Listed) + In(FleetStates.Waiting),
            Renewed = In(FleetStates.Renewed),
            Moved = In(FleetStates.Moved),
            Done = In(FleetStates.Done),
            Kept = In(FleetStates.Kept),
            Skipped = In(FleetStates.Skipped),
            LeftOut = In(FleetStates.LeftOut),
            RolledBack = In(FleetStates.RolledBack),
            Lagging = all.Where(static each => each.State is FleetStates.Renewed or FleetStates.Moved && each.IsOpen == 1).Sum(static each => each.Old),
            Open = all.Where(static each => each.IsOpen == 1).Sum(static each => each.Members),
        };

        long In(string state) => all.Where(each => each.State == state).Sum(static each => each.Members);
    }
}
