using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Audit;

/// <summary>A room whose records stand under names of its own, and which operators of a hub read together with the hub's: provisioning services put their devices there.</summary>
public interface IAuditNeighbour
{
    /// <summary>Names under which it keeps records and refusals that concern the hub.</summary>
    Task<IReadOnlyList<string>> FindNamesAsync(HubName hub, CancellationToken cancellationToken);
}
