using System.Globalization;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>What is shown of a plan over many identities.</summary>
internal static class FleetView
{
    internal static RotationWords Words { get; } = new()
    {
        Subject = "devices",
        First = "new key",
        Last = "old key",
        What = "key",
        HandOut = "Hand the new keys out",
        Finders = ("", ""),
        Outcome = "",
        Cancelled = "Cancelled where it was: no key is regenerated any more. New keys that were handed out are good, and so are the old ones that are left.",
        FirstSteps = [],
        LastStep = "",
    };

    /// <summary>For lists.</summary>
    internal static RotationPlan Brief(RotationRow row) => Of(row, FleetProgress.Of([])) with { Steps = [], Progress = null };

    internal static RotationPlan Of(RotationRow row, FleetProgress progress) => RotationPlan.Head(row) with
    {
        FirstKey = row.FirstKey.Length == 0 ? null : row.FirstKey,
        LastKey = row.FirstKey switch { CredentialName.PrimaryKey => CredentialName.SecondaryKey, CredentialName.SecondaryKey => CredentialName.PrimaryKey, _ => null },
        Tells = row.Tells == 1,
        Steps = [.. Steps(row, progress)],
        Progress = progress.All,
        Canary = progress.Canary.All > 0 ? progress.Canary : null,
    };

    internal static string Lag(FleetMember member) => member.State == FleetStates.Moved
        ? $"It has used its new {Word(member.FirstKey)}, and still uses the old {Word(member.LastKey)}."
        : $"It has not used its new {Word(member.FirstKey)} yet. {member.Reason}".TrimEnd();

    private static IEnumerable<RotationStep> Steps(RotationRow row, FleetProgress progress)
    {
        var rest = progress.All.All - progress.All.LeftOut - progress.Canary.All;
        if (progress.Canary.All > 0)
        {
            var isThrough = progress.Canary.Open == 0;
            yield return Step($"canary group of {Count(progress.Canary.All)}: the key that is not in use is regenerated, they move, the old one is regenerated", isThrough ? RotationStates.Done : State(row));
            yield return Step($"the same for the other {Count(rest)}", isThrough ? State(row) : RotationStates.Planned);
        }
        else
        {
            yield return Step($"for each of {Count(rest)}: the key that is not in use is regenerated, they move, the old one is regenerated", State(row));
        }
    }

    private static string State(RotationRow row) => row.Started > 0 ? row.State : RotationStates.Planned;

    private static RotationStep Step(string name, string state) => new(name, state, null, null, null, null);

    private static string Count(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Word(string key) => key == CredentialName.PrimaryKey ? "primary key" : "secondary key";
}
