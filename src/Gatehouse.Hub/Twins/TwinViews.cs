using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Connections;
using Gatehouse.Store;

namespace Gatehouse.Hub.Twins;

/// <summary>Reads twins and turns rows into what back ends see.</summary>
internal sealed class TwinViews(Database database, ConnectionStates connections, TimeProvider time)
{
    internal async Task<Twin?> FindAsync(HubName hub, IdentityKey key, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, token) => TwinRows.FindAsync(connection, hub, key, time.GetUtcNow(), token), cancellationToken);
        return row is null ? null : Show(hub, row);
    }

    internal Twin Show(HubName hub, TwinRow row) => row.Show(connections.Get(hub, row.Key, row.GenerationId));
}
