using Gatehouse.Contracts.Audit;

namespace Gatehouse.Store.Refusals;

/// <summary>Decides which refusals are written singly and which are only counted, per minute. One thread.</summary>
internal sealed class RefusalFolding(RefusalOptions options)
{
    private readonly Dictionary<(string? Hub, string? Claimed, RefusalReason Reason, string? Address), Kind> kinds = [];

    /// <summary>Whether to write it now; else it is counted.</summary>
    internal bool IsSingle(Refusal refusal)
    {
        var key = (refusal.Hub, refusal.Claimed, refusal.Reason, refusal.RemoteAddress);
        if (!kinds.TryGetValue(key, out var kind))
        {
            if (kinds.Count >= options.MaxKindsPerMinute)
            {
                // Beyond the table's size all share one count per reason: a flood of invented names writes nothing more.
                key = (null, null, refusal.Reason, null);
                if (!kinds.TryGetValue(key, out kind))
                {
                    kinds[key] = kind = new Kind(refusal with { Hub = null, Claimed = null, RemoteAddress = null }, options.SinglesPerMinute);
                }
            }
            else
            {
                kinds[key] = kind = new Kind(refusal, 0);
            }
        }

        kind.Seen++;
        return kind.Seen <= options.SinglesPerMinute;
    }

    /// <summary>What was counted in the minute that ends, each as one refusal and its further repeats; starts the next.</summary>
    internal IReadOnlyList<(Refusal Refusal, long Repeats)> EndMinute()
    {
        List<(Refusal, long)> folded = [.. kinds.Values.Where(kind => kind.Seen > options.SinglesPerMinute).Select(kind => (kind.First, kind.Seen - options.SinglesPerMinute - 1))];
        kinds.Clear();
        return folded;
    }

    private sealed class Kind(Refusal first, long seen)
    {
        internal Refusal First { get; } = first;

        internal long Seen { get; set; } = seen;
    }
}
