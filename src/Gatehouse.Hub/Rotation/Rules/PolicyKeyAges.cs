using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>How old the keys of a hub's policies are.</summary>
internal sealed class PolicyKeyAges(Database database) : IAgedKeys
{
    public string Kind => Rotations.PolicyKey;

    public async Task<IReadOnlyList<AgedKeys>> ListAsync(HubName tenant, long madeBefore, AgedKeys? after, int max, CancellationToken cancellationToken) =>
        [.. (await ReadAsync(tenant, madeBefore, cancellationToken)).OrderBy(static each => each.Made).ThenBy(static each => each.Name, StringComparer.Ordinal)
            .SkipWhile(each => after is not null && (each.Made < after.Made || (each.Made == after.Made && string.CompareOrdinal(each.Name, after.Name) <= 0))).Take(max)];

    public async Task<long> CountAsync(HubName tenant, long madeBefore, CancellationToken cancellationToken) => (await ReadAsync(tenant, madeBefore, cancellationToken)).Count();

    public Task<int> NoteFirstSeenAsync(WriteTransaction write, HubName tenant, long now, int max, CancellationToken cancellationToken) => AgeRows.NotePoliciesAsync(write, tenant, now, cancellationToken);

    // A hub has few of them.
    private async Task<IEnumerable<AgedKeys>> ReadAsync(HubName tenant, long madeBefore, CancellationToken cancellationToken) =>
        (await database.ReadAsync((connection, cancel) => PolicyRows.ReadAllAsync(connection, tenant, cancel), cancellationToken))
            .Select(static row => new AgedKeys(row.Name, Math.Min(row.PrimaryMade, row.SecondaryMade))).Where(each => each.Made < madeBefore);
}
