using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Allocation;

/// <summary>SQL of the <c>linked_hubs</c> table.</summary>
internal static class LinkedHubRows
{
    internal static async Task<IReadOnlyList<LinkedHub>> ReadAllAsync(DbConnection connection, HubName service, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            "SELECT host_name AS HostName, hub AS Hub, allocation_weight AS Weight, applies AS Applies FROM linked_hubs WHERE service = @Service ORDER BY host_name",
            new { Service = service.Value },
            cancellationToken: cancellationToken));
        return [.. rows.Select(row => new LinkedHub(row.HostName, HubName.Parse(row.Hub), (int)row.Weight, row.Applies != 0))];
    }

    internal static Task InsertAsync(WriteTransaction transaction, HubName service, LinkedHub hub, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO linked_hubs (service, host_name, hub, allocation_weight, applies) VALUES (@Service, @HostName, @Hub, @Weight, @Applies)",
            new { Service = service.Value, hub.HostName, Hub = hub.Hub.Value, Weight = (long)hub.Weight, Applies = hub.Applies ? 1L : 0L },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    private sealed class Row
    {
        public string HostName { get; init; } = "";

        public string Hub { get; init; } = "";

        public long Weight { get; init; }

        public long Applies { get; init; }
    }
}
