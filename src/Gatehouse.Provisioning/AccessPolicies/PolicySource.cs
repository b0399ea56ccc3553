using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.AccessPolicies;

/// <summary>What Identity judges back ends of a provisioning service by: its host names and its policies. It has no devices of its own.</summary>
internal sealed class PolicySource(Database database, ProvisioningDirectory directory) : ICredentialSource
{
    private static readonly TrustAnchors None = new([]);

    public HubEntry? FindHub(ReadOnlySpan<char> hostName) => directory.FindByHost(hostName);

    public ValueTask<IdentityCredentials?> FindIdentityAsync(HubName hub, IdentityKey identity, CancellationToken cancellationToken) => new((IdentityCredentials?)null);

    // Calls are few (1,000 a minute at most): read each time, so that a changed key counts at once.
    public async ValueTask<PolicyCredentials?> FindPolicyAsync(HubName hub, string policyName, CancellationToken cancellationToken) =>
        (await database.ReadAsync((connection, token) => PolicyRows.FindAsync(connection, hub, policyName, token), cancellationToken))?.ToCredentials();

    public ValueTask<TrustAnchors> FindTrustAnchorsAsync(HubName hub, CancellationToken cancellationToken) => new(None);
}
