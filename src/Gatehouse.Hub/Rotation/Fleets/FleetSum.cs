namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>Counts members while they are gathered; keeps only a few of them.</summary>
internal sealed class FleetSum(int maxNamed)
{
    private readonly Dictionary<(long Canary, long Open, string State), long> counts = [];
    private readonly List<RotationLaggard> named = [];

    internal long All => counts.Values.Sum();

    internal long Open => counts.Where(static each => each.Key.Open == 1).Sum(static each => each.Value);

    /// <summary>Bounded as <see cref="FleetChoice"/> bounds them.</summary>
    internal HashSet<string> Canaries { get; } = new(StringComparer.Ordinal);

    internal IReadOnlyList<FleetCount> Counts => [.. counts.Select(static each => new FleetCount { IsCanary = each.Key.Canary, IsOpen = each.Key.Open, State = each.Key.State, Members = each.Value })];

    internal RotationLaggards LeftOut => new(counts.Where(static each => each.Key.Open == 0).Sum(static each => each.Value), named);

    internal void Add(IReadOnlyList<FleetMember> page)
    {
        foreach (var member in page)
        {
            var key = (member.IsCanary, member.IsOpen, member.State);
            counts[key] = counts.GetValueOrDefault(key) + 1;
            if (member.IsCanary == 1)
            {
                Canaries.Add(member.ToString());
            }

            if (member.IsOpen == 0 && named.Count < maxNamed)
            {
                named.Add(new RotationLaggard(member.ToString(), member.Reason));
            }
        }
    }
}
