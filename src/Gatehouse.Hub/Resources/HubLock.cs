using Dapper;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Resources;

/// <summary>Holds a hub's row until the end of the transaction, so that what is counted and compared stays true until the commit.</summary>
internal static class HubLock
{
    /// <summary>IotHubNotFound when there is no such hub, else null.</summary>
    internal static async Task<HubError?> TakeAsync(WriteTransaction write, SqlDialect dialect, HubName hub, CancellationToken cancellationToken)
    {
        var found = await write.Connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            $"SELECT name FROM hubs WHERE name = @hub{dialect.ForUpdate}", new { hub = hub.Value }, write.Transaction, cancellationToken: cancellationToken));
        return found is null ? HubErrors.IotHubNotFound : null;
    }
}
