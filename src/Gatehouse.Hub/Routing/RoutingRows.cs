using System.Data.Common;
using System.Text.Json;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Routing;

/// <summary>SQL of the <c>routing</c> table (Schema/0009).</summary>
internal static class RoutingRows
{
    /// <summary>The defaults when the hub has no row.</summary>
    internal static async Task<StoredRouting> ReadAsync(DbConnection connection, DbTransaction? transaction, HubName hub, CancellationToken cancellationToken)
    {
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            "SELECT etag AS Etag, definition AS Definition FROM routing WHERE hub = @hub", new { hub = hub.Value }, transaction, cancellationToken: cancellationToken));
        return row is null ? new StoredRouting() : JsonSerializer.Deserialize(row.Definition, RoutingJson.Default.StoredRouting)! with { ETag = row.Etag };
    }

    internal static Task SaveAsync(WriteTransaction write, HubName hub, StoredRouting routing, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO routing (hub, etag, definition) VALUES (@hub, @etag, @definition)
            ON CONFLICT (hub) DO UPDATE SET etag = excluded.etag, definition = excluded.definition
            """,
            new { hub = hub.Value, etag = routing.ETag, definition = JsonSerializer.Serialize(routing, RoutingJson.Default.StoredRouting) },
            write.Transaction,
            cancellationToken: cancellationToken));

    private sealed class Row
    {
        public string Etag { get; init; } = "";

        public string Definition { get; init; } = "";
    }
}
