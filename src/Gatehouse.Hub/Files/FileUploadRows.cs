using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Files;

/// <summary>A row of <c>file_uploads</c>.</summary>
internal sealed record FileUploadRow
{
    public string Hub { get; init; } = "";

    public string CorrelationId { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public string BlobName { get; init; } = "";

    /// <summary><see cref="UploadPlace.Address"/>.</summary>
    public string Place { get; init; } = "";

    public long Started { get; init; }

    public long Expires { get; init; }
}

/// <summary>SQL of uploads that were begun (Schema/0008, 0014).</summary>
internal static class FileUploadRows
{
    private const string Columns = "hub AS Hub, correlation_id AS CorrelationId, device_id AS DeviceId, blob_name AS BlobName, place AS Place, started AS Started, expires AS Expires";

    internal static Task<long> CountActiveAsync(WriteTransaction write, HubName hub, DeviceId device, long now, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM file_uploads WHERE hub = @Hub AND device_id = @Device AND expires > @now",
            new { Hub = hub.Value, Device = device.Value, now },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction write, FileUploadRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO file_uploads (hub, correlation_id, device_id, blob_name, place, started, expires) VALUES (@Hub, @CorrelationId, @DeviceId, @BlobName, @Place, @Started, @Expires)",
            row,
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>An upload of this device; null when it has none of this id.</summary>
    internal static Task<FileUploadRow?> FindAsync(DbConnection connection, HubName hub, DeviceId device, string correlationId, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<FileUploadRow>(new CommandDefinition(
            $"SELECT {Columns} FROM file_uploads WHERE hub = @Hub AND correlation_id = @correlationId AND device_id = @Device",
            new { Hub = hub.Value, Device = device.Value, correlationId },
            cancellationToken: cancellationToken));

    /// <summary>Ends an upload; false when it has ended already.</summary>
    internal static async Task<bool> RemoveAsync(WriteTransaction write, FileUploadRow row, CancellationToken cancellationToken) =>
        await write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM file_uploads WHERE hub = @Hub AND correlation_id = @CorrelationId", row, write.Transaction, cancellationToken: cancellationToken)) > 0;

    /// <summary>Whether this upload to the embedded endpoint is under way: of a device that is enabled, and is the one that began it.</summary>
    internal static async Task<bool> IsActiveAsync(DbConnection connection, DbTransaction? transaction, HubName hub, string blob, string correlationId, long now, CancellationToken cancellationToken) =>
        await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            """
            SELECT 1 FROM file_uploads u
            JOIN identities i ON i.hub = u.hub AND i.device_id = u.device_id AND i.module_id = '' AND i.is_disabled = 0 AND i.created <= u.started
            WHERE u.hub = @Hub AND u.correlation_id = @correlationId AND u.blob_name = @blob AND u.place = '' AND u.expires > @now
            """,
            new { Hub = hub.Value, blob, correlationId, now },
            transaction,
            cancellationToken: cancellationToken)) is not null;

    /// <summary>Whether any upload of this blob to the embedded endpoint is under way.</summary>
    internal static async Task<bool> IsBegunAsync(WriteTransaction write, HubName hub, string blob, long now, CancellationToken cancellationToken) =>
        await write.Connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT 1 FROM file_uploads WHERE hub = @Hub AND blob_name = @blob AND place = '' AND expires > @now LIMIT 1",
            new { Hub = hub.Value, blob, now },
            write.Transaction,
            cancellationToken: cancellationToken)) is not null;

    /// <summary>Uploads that ended before then without a word of their device, each once.</summary>
    internal static async Task<IReadOnlyList<FileUploadRow>> TakeUnfinishedAsync(WriteTransaction write, long before, CancellationToken cancellationToken) =>
        [.. await write.Connection.QueryAsync<FileUploadRow>(new CommandDefinition(
            $"UPDATE file_uploads SET is_reported = 1 WHERE expires <= @before AND is_reported = 0 RETURNING {Columns}", new { before }, write.Transaction, cancellationToken: cancellationToken))];

    internal static Task<int> RemoveOldAsync(WriteTransaction write, long before, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition("DELETE FROM file_uploads WHERE expires <= @before", new { before }, write.Transaction, cancellationToken: cancellationToken));
}
