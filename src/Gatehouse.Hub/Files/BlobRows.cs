using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Files;

/// <summary>SQL of blobs and their blocks (Schema/0008).</summary>
internal static class BlobRows
{
    internal static Task<StoredBlob?> FindAsync(DbConnection connection, DbTransaction? transaction, HubName hub, string blob, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<StoredBlob>(new CommandDefinition(
            "SELECT file_name AS FileName, size AS Size, content_type AS ContentType, changed AS Changed FROM blobs WHERE hub = @Hub AND blob_name = @blob",
            new { Hub = hub.Value, blob },
            transaction,
            cancellationToken: cancellationToken));

    internal static Task PutAsync(WriteTransaction write, HubName hub, string blob, StoredBlob row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO blobs (hub, blob_name, file_name, size, content_type, changed) VALUES (@Hub, @blob, @FileName, @Size, @ContentType, @Changed)
            ON CONFLICT (hub, blob_name) DO UPDATE SET file_name = @FileName, size = @Size, content_type = @ContentType, changed = @Changed
            """,
            new { Hub = hub.Value, blob, row.FileName, row.Size, row.ContentType, row.Changed },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static async Task<IReadOnlyList<BlobBlock>> BlocksAsync(DbConnection connection, DbTransaction? transaction, HubName hub, string blob, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<BlobBlock>(new CommandDefinition(
            "SELECT block_id AS BlockId, file_name AS FileName, size AS Size FROM blob_blocks WHERE hub = @Hub AND blob_name = @blob ORDER BY block_id",
            new { Hub = hub.Value, blob },
            transaction,
            cancellationToken: cancellationToken))];

    /// <summary>Number and bytes of the blocks of one blob, the one of this id apart.</summary>
    internal static Task<(long Count, long Bytes)> OtherBlocksAsync(DbConnection connection, HubName hub, string blob, string blockId, CancellationToken cancellationToken) =>
        connection.QuerySingleAsync<(long, long)>(new CommandDefinition(
            "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM blob_blocks WHERE hub = @Hub AND blob_name = @blob AND block_id <> @blockId",
            new { Hub = hub.Value, blob, blockId },
            cancellationToken: cancellationToken));

    internal static Task<string?> FindBlockFileAsync(WriteTransaction write, HubName hub, string blob, string blockId, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            "SELECT file_name FROM blob_blocks WHERE hub = @Hub AND blob_name = @blob AND block_id = @blockId",
            new { Hub = hub.Value, blob, blockId },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task PutBlockAsync(WriteTransaction write, HubName hub, string blob, BlobBlock block, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO blob_blocks (hub, blob_name, block_id, file_name, size) VALUES (@Hub, @blob, @BlockId, @FileName, @Size)
            ON CONFLICT (hub, blob_name, block_id) DO UPDATE SET file_name = @FileName, size = @Size
            """,
            new { Hub = hub.Value, blob, block.BlockId, block.FileName, block.Size },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task RemoveBlocksAsync(WriteTransaction write, HubName hub, string blob, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM blob_blocks WHERE hub = @Hub AND blob_name = @blob", new { Hub = hub.Value, blob }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Bytes of all files of the hub and of blocks that are in none.</summary>
    internal static Task<long> TotalBytesAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT CAST((SELECT COALESCE(SUM(size), 0) FROM blobs WHERE hub = @Hub) + (SELECT COALESCE(SUM(size), 0) FROM blob_blocks WHERE hub = @Hub) AS BIGINT)",
            new { Hub = hub.Value },
            cancellationToken: cancellationToken));

    /// <summary>Removes blocks of blobs that no upload is under way of; their files.</summary>
    internal static async Task<IReadOnlyList<string>> RemoveLeftBlocksAsync(WriteTransaction write, long now, CancellationToken cancellationToken) =>
        [.. await write.Connection.QueryAsync<string>(new CommandDefinition(
            """
            DELETE FROM blob_blocks WHERE NOT EXISTS (
              SELECT 1 FROM file_uploads u WHERE u.hub = blob_blocks.hub AND u.blob_name = blob_blocks.blob_name AND u.place = '' AND u.expires > @now)
            RETURNING file_name
            """,
            new { now },
            write.Transaction,
            cancellationToken: cancellationToken))];

    internal static async Task<IReadOnlyList<UploadedFile>> ListAsync(DbConnection connection, HubName hub, string prefix, string after, int max, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<UploadedFile>(new CommandDefinition(
            """
            SELECT blob_name AS Name, size AS Size, content_type AS ContentType, changed AS Changed FROM blobs
            WHERE hub = @Hub AND blob_name > @after AND substr(blob_name, 1, @Length) = @prefix ORDER BY blob_name LIMIT @max
            """,
            new { Hub = hub.Value, after, prefix, prefix.Length, max },
            cancellationToken: cancellationToken))];

    /// <summary>Removes a blob; its file, or null when there is none of this name.</summary>
    internal static Task<string?> RemoveAsync(WriteTransaction write, HubName hub, string blob, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            "DELETE FROM blobs WHERE hub = @Hub AND blob_name = @blob RETURNING file_name", new { Hub = hub.Value, blob }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Removes blobs that were written last before then; their files.</summary>
    internal static async Task<IReadOnlyList<string>> RemoveOldAsync(WriteTransaction write, long before, CancellationToken cancellationToken) =>
        [.. await write.Connection.QueryAsync<string>(new CommandDefinition(
            "DELETE FROM blobs WHERE changed <= @before RETURNING file_name", new { before }, write.Transaction, cancellationToken: cancellationToken))];

    internal static async Task<IReadOnlySet<string>> FileNamesAsync(DbConnection connection, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<string>(new CommandDefinition("SELECT file_name FROM blobs UNION ALL SELECT file_name FROM blob_blocks", cancellationToken: cancellationToken))).ToHashSet(StringComparer.Ordinal);
}
