using Gatehouse.Hub.TrustLog;
using Gatehouse.Store.TrustLog;

namespace Gatehouse.ServiceApi.Operator.TrustLog;

/// <summary>The trust log in answers.</summary>
/// <param name="Origin">Its name; null before it has begun.</param>
/// <param name="Size">Entries that have a place.</param>
/// <param name="CheckpointSize">Entries that the newest checkpoint covers.</param>
/// <param name="Problem">What of the stored log is not as it was signed; null when nothing is known.</param>
/// <param name="KeyProblem">Why this node cannot sign; null when it can.</param>
/// <param name="Keys">Oldest first.</param>
internal sealed record TrustLogJson(string? Origin, long Size, long CheckpointSize, string? Problem, string? KeyProblem, IReadOnlyList<TrustLogKeyJson> Keys)
{
    internal static TrustLogJson From(TrustLogState? state, TrustLogKeeper keeper) => new(
        state?.Origin,
        state?.Size ?? 0,
        state?.CheckpointSize ?? 0,
        keeper.Problem,
        keeper.KeyProblem,
        [.. (state?.Keys ?? []).Select(key => new TrustLogKeyJson(key.Address, key.VerifierKey, key.Handover, key == state!.Signing))]);
}

/// <param name="Key">Its address.</param>
/// <param name="VerifierKey">As other tools take it.</param>
/// <param name="Handover">The last checkpoint of the key before it; null of the first, and while it is only announced.</param>
/// <param name="IsSigning">Whether it signs now.</param>
internal sealed record TrustLogKeyJson(string Key, string VerifierKey, string? Handover, bool IsSigning);

/// <param name="Places">Newest first, at most a hundred.</param>
/// <param name="IsWaiting">Whether an entry waits for its place.</param>
internal sealed record TrustLogPlaces(IReadOnlyList<long> Places, bool IsWaiting);
