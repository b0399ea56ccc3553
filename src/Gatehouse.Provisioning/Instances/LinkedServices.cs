using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Instances;

/// <summary>The provisioning services that a hub is linked with: its operators read their records with its own.</summary>
internal sealed class LinkedServices(Database database) : IAuditNeighbour
{
    public Task<IReadOnlyList<string>> FindNamesAsync(HubName hub, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => LinkedHubRows.FindServicesAsync(connection, hub, token), cancellationToken);
}
