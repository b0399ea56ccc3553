using System.Data.Common;
using System.Text.Json;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Files;

/// <summary>SQL of the <c>file_upload_properties</c> table (Schema/0014).</summary>
internal static class FileUploadPropertyRows
{
    /// <summary>Null when the hub has the defaults.</summary>
    internal static async Task<StoredFileUpload?> FindAsync(DbConnection connection, DbTransaction? transaction, HubName hub, CancellationToken cancellationToken)
    {
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            "SELECT etag AS Etag, definition AS Definition FROM file_upload_properties WHERE hub = @hub", new { hub = hub.Value }, transaction, cancellationToken: cancellationToken));
        return row is null ? null : JsonSerializer.Deserialize(row.Definition, FileUploadJson.Default.StoredFileUpload)! with { ETag = row.Etag };
    }

    internal static Task SaveAsync(WriteTransaction write, HubName hub, StoredFileUpload properties, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO file_upload_properties (hub, etag, definition) VALUES (@hub, @etag, @definition)
            ON CONFLICT (hub) DO UPDATE SET etag = excluded.etag, definition = excluded.definition
            """,
            new { hub = hub.Value, etag = properties.ETag, definition = JsonSerializer.Serialize(properties, FileUploadJson.Default.StoredFileUpload) },
            write.Transaction,
            cancellationToken: cancellationToken));

    private sealed class Row
    {
        public string Etag { get; init; } = "";

        public string Definition { get; init; } = "";
    }
}
