using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Allocation;

/// <summary>SQL of the <c>linked_hubs</c> table.</summary>
internal static class LinkedHubRows
{
    private const string Select = """
        SELECT host_name AS HostName, hub AS Hub, allocation_weight AS Weight, applies AS Applies, generation_id AS GenerationId, connection AS Connection, connection_shown AS ConnectionShown,
          authorities AS Authorities, location AS Location, etag AS Etag
        FROM linked_hubs WHERE service = @Service
        """;

    internal static async Task<IReadOnlyList<LinkedHub>> ReadAllAsync(DbConnection connection, HubName service, CancellationToken cancellationToken, DbTransaction? transaction = null)
    {
        var rows = await connection.QueryAsync<Row>(new CommandDefinition($"{Select} ORDER BY host_name", new { Service = service.Value }, transaction, cancellationToken: cancellationToken));
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

    internal static Task InsertAsync(WriteTransaction transaction, HubName service, LinkedHub hub, CancellationToken cancellationToken) => ExecuteAsync(
        transaction,
        """
        INSERT INTO linked_hubs (service, host_name, hub, allocation_weight, applies, generation_id, connection, connection_shown, authorities, location, etag)
        VALUES (@Service, @HostName, @Hub, @Weight, @Applies, @GenerationId, @Connection, @ConnectionShown, @Authorities, @Location, @Etag)
        """,
        service,
        hub,
        cancellationToken);

    internal static Task UpdateAsync(WriteTransaction transaction, HubName service, LinkedHub hub, CancellationToken cancellationToken) => ExecuteAsync(
        transaction,
        """
        UPDATE linked_hubs SET allocation_weight = @Weight, applies = @Applies, connection = @Connection, connection_shown = @ConnectionShown, authorities = @Authorities,
          location = @Location, etag = @Etag
        WHERE service = @Service AND host_name = @HostName
        """,
        service,
        hub,
        cancellationToken);

    internal static Task DeleteAsync(WriteTransaction transaction, HubName service, LinkedHub hub, CancellationToken cancellationToken) =>
        ExecuteAsync(transaction, "DELETE FROM linked_hubs WHERE service = @Service AND host_name = @HostName", service, hub, cancellationToken);

    private static Task<int> ExecuteAsync(WriteTransaction transaction, string sql, HubName service, LinkedHub hub, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            sql,
            new
            {
                Service = service.Value,
                hub.HostName,
                Hub = hub.Hub?.Value ?? "",
                Weight = (long)hub.Weight,
                Applies = hub.Applies ? 1L : 0L,
                hub.GenerationId,
                Connection = hub.Connection?.Blob.ToArray(),
                hub.ConnectionShown,
                hub.Authorities,
                hub.Location,
                hub.Etag,
            },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    private sealed class Row
    {
        public string HostName { get; init; } = "";

        public string Hub { get; init; } = "";

        public long Weight { get; init; }

        public long Applies { get; init; }

        public string GenerationId { get; init; } = "";

        public byte[]? Connection { get; init; }

        public string ConnectionShown { get; init; } = "";

        public string Authorities { get; init; } = "";

        public string Location { get; init; } = "";

        public string Etag { get; init; } = "";

        internal LinkedHub ToHub() => new(HostName, Hub.Length == 0 ? null : HubName.Parse(Hub), (int)Weight, Applies != 0)
        {
            GenerationId = GenerationId,
            Connection = Connection is null ? null : new SealedSecret(Connection),
            ConnectionShown = ConnectionShown,
            Authorities = Authorities,
            Location = Location,
            Etag = Etag,
        };
    }
}
