using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Certificates;

/// <summary>All certificates that a hub or a provisioning service knows, in the order of their ends, and what ends when. Implemented by Store.</summary>
public interface ICertificateInventory
{
    /// <summary>A page. What happened on this node is on it; other nodes are up to five seconds behind.</summary>
    /// <param name="tenant">Hub or provisioning service.</param>
    /// <param name="filter">Which.</param>
    /// <param name="after">Where the page begins.</param>
    /// <param name="max">Items of it; 1 or more.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    Task<InventoryPage> ListAsync(HubName tenant, InventoryFilter filter, InventoryPlace after, int max, CancellationToken cancellationToken);

    /// <summary>What ends within some days from now on. It counts each certificate that does: not for every minute.</summary>
    Task<CertificateForecast> ForecastAsync(HubName tenant, ForecastInput input, CancellationToken cancellationToken);
}

/// <summary>The list of alarms about certificates that end, and their being acknowledged. Implemented by Store.</summary>
public interface ICertificateAlarms
{
    /// <summary>A page, the first to end first.</summary>
    Task<AlarmPage> ListAsync(HubName tenant, AlarmQuery query, CancellationToken cancellationToken);

    /// <summary>Closes one, or all that are open now; one that is closed stays as it is. Each transaction has its record in the audit log.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="id">As it is listed, or <c>all</c>.</param>
    /// <param name="actor">Who.</param>
    /// <param name="cancellationToken">Ends it between two transactions.</param>
    /// <returns>Null when there is no alarm of this id.</returns>
    Task<AcknowledgedAlarms?> AcknowledgeAsync(HubName tenant, string id, string actor, CancellationToken cancellationToken);
}
