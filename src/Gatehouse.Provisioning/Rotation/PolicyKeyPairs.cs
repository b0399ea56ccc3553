using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.UseTracking;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.Rotation;

/// <summary>Both keys of a shared access policy of a service. Back ends come for each call anew: nobody stands on one.</summary>
internal sealed class PolicyKeyPairs(Database database, ProvisioningDirectory directory, ProvisioningUsage usage, PolicySettings policies) : IRotatedKeys, IAgedKeys
{
    internal const string KindName = "provisioning-policy-key";

    public string Kind => KindName;

    public IReadOnlyList<HubName> Tenants => [.. directory.All.Select(static each => each.Name)];

    public async Task<Result<string>> FindAsync(HubName tenant, string name, CancellationToken cancellationToken)
    {
        var found = await policies.FindAsync(tenant, name, cancellationToken);
        return found.IsOk ? found.Value.Name : found.Error;
    }

    public RotatedKeysWords WordsFor(string name) => new($"policy '{name}' of the provisioning service", $"Hand it to the clients of '{name}' (gatehouse dps policy keys {name})", $"provisioning-policy/{name}");

    public async Task<RotatedKeysUse> ReadUseAsync(HubName tenant, string name, bool isDecisive, CancellationToken cancellationToken) =>
        new(await UseAsync(tenant, name, CredentialName.PrimaryKey, cancellationToken), await UseAsync(tenant, name, CredentialName.SecondaryKey, cancellationToken));

    public async Task<HubError?> LockAsync(WriteTransaction write, HubName tenant, CancellationToken cancellationToken) =>
        await InstanceRows.LockAsync(write, database.Dialect, tenant, cancellationToken) is null ? ProvisioningErrors.NotFound : null;

    public async Task<string?> MarkAsync(WriteTransaction write, HubName tenant, string name, CancellationToken cancellationToken) =>
        await ReadAsync(write, tenant, name, cancellationToken) is { } row ? MarkOf(row) : null;

    public async Task<bool> IsLastWayInAsync(WriteTransaction write, HubName tenant, string name, CancellationToken cancellationToken) =>
        (await PolicyRows.ReadAllAsync(write.Connection, tenant, cancellationToken, write.Transaction)).All(each => each.Rights != (long)Rights.ProvisioningOwner || each.Name == name);

    public Task<string?> FindHoldAsync(WriteTransaction write, HubName tenant, string name, string last, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    public async Task<string> RenewAsync(WriteTransaction write, HubName tenant, string name, string key, string actor, CancellationToken cancellationToken)
    {
        var row = await ReadAsync(write, tenant, name, cancellationToken);
        return MarkOf(await policies.RenewAsync(write, row!, key == CredentialName.PrimaryKey, actor, cancellationToken));
    }

    public async Task<IReadOnlyList<AgedKeys>> ListAsync(HubName tenant, long madeBefore, AgedKeys? after, int max, CancellationToken cancellationToken) =>
        [.. (await ReadAgesAsync(tenant, madeBefore, cancellationToken)).OrderBy(static each => each.Made).ThenBy(static each => each.Name, StringComparer.Ordinal)
            .SkipWhile(each => after is not null && (each.Made < after.Made || (each.Made == after.Made && string.CompareOrdinal(each.Name, after.Name) <= 0))).Take(max)];

    public async Task<long> CountAsync(HubName tenant, long madeBefore, CancellationToken cancellationToken) => (await ReadAgesAsync(tenant, madeBefore, cancellationToken)).Count();

    public Task<int> NoteFirstSeenAsync(WriteTransaction write, HubName tenant, long now, int max, CancellationToken cancellationToken) => KeyAgeRows.NotePoliciesAsync(write, tenant, now, cancellationToken);

    // A service has few of them.
    private async Task<IEnumerable<AgedKeys>> ReadAgesAsync(HubName tenant, long madeBefore, CancellationToken cancellationToken) =>
        (await database.ReadAsync((connection, token) => PolicyRows.ReadAllAsync(connection, tenant, token), cancellationToken))
            .Select(static row => new AgedKeys(row.Name, Math.Min(row.PrimaryMade, row.SecondaryMade))).Where(each => each.Made < madeBefore);

    private async Task<RotatedKeyUse> UseAsync(HubName tenant, string name, string key, CancellationToken cancellationToken) =>
        new(await usage.LastUsedAsync(tenant, new ProvisioningCredential(OwnerKind.Policy, name, key), cancellationToken), 0);

    private static async Task<PolicyRow?> ReadAsync(WriteTransaction write, HubName tenant, string name, CancellationToken cancellationToken) =>
        (await PolicyRows.ReadAllAsync(write.Connection, tenant, cancellationToken, write.Transaction)).FirstOrDefault(each => each.Name == name);

    private static string MarkOf(PolicyRow row) => $"{row.GenerationId}/{PolicyDocument.EtagOf(row)}";
}
