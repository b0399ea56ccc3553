using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Allocation;

/// <summary>SQL of the <c>linked_hubs</c> table.</summary>
internal static class LinkedHubRows
{
    private const string Select = "SELECT host_name AS HostName, hub AS Hub, allocation_weight AS Weight, applies AS Applies FROM linked_hubs WHERE service = @Service";

    internal static async Task<IReadOnlyList<LinkedHub>> ReadAllAsync(DbConnection connection, HubName service, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<Row>(new CommandDefinition($"{Select} ORDER BY host_name", new { Service = service.Value }, cancellationToken: cancellationToken));
        return [.. rows.Select(row => row.ToHub())];
    }

    internal static async Task<LinkedHub?> FindAsync(WriteTransaction transaction, HubName service, HubName hub, CancellationToken cancellationToken) =>
        (await transaction.Connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            $"{Select} AND hub = @Hub", new { Service = service.Value, Hub = hub.Value }, transaction.Transaction, cancellationToken: cancellationToken)))?.ToHub();

    internal static async Task<IReadOnlyList<string>> FindServicesAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition("SELECT DISTINCT service FROM linked_hubs WHERE hub = @Hub ORDER BY service", new { Hub = hub.Value }, cancellationToken: cancellationToken))];

    internal static Task RenameAsync(WriteTransaction transaction, HubName service, HubName hub, string hostName, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE linked_hubs SET host_name = @HostName WHERE service = @Service AND hub = @Hub",
            new { Service = service.Value, Hub = hub.Value, HostName = hostName },
            transaction.Transaction,
            cancellationToken: cancellationToken));

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

        internal LinkedHub ToHub() => new(HostName, HubName.Parse(Hub), (int)Weight, Applies != 0);
    }
}
