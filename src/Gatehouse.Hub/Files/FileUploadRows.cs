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

    public long Started { get; init; }

    public long Expires { get; init; }
}

/// <summary>SQL of uploads that were begun (Schema/0008).</summary>
internal static class FileUploadRows
{
    internal static Task<long> CountActiveAsync(WriteTransaction write, HubName hub, DeviceId device, long now, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM file_uploads WHERE hub = @Hub AND device_id = @Device AND expires > @now",
            new { Hub = hub.Value, Device = device.Value, now },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction write, FileUploadRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO file_uploads (hub, correlation_id, device_id, blob_name, started, expires) VALUES (@Hub, @CorrelationId, @DeviceId, @BlobName, @Started, @Expires)",
            row,
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Ends an upload of this device; null when it has none of this id.</summary>
    internal static Task<FileUploadRow?> RemoveAsync(WriteTransaction write, HubName hub, DeviceId device, string correlationId, CancellationToken cancellationToken) =>
        write.Connection.QuerySingleOrDefaultAsync<FileUploadRow>(new CommandDefinition(
            """
            DELETE FROM file_uploads WHERE hub = @Hub AND correlation_id = @correlationId AND device_id = @Device
            RETURNING hub AS Hub, correlation_id AS CorrelationId, device_id AS DeviceId, blob_name AS BlobName, started AS Started, expires AS Expires
            """,
            new { Hub = hub.Value, Device = device.Value, correlationId },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static async Task<bool> IsActiveAsync(DbConnection connection, HubName hub, string blob, long now, CancellationToken cancellationToken) =>
        await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT 1 FROM file_uploads WHERE hub = @Hub AND blob_name = @blob AND expires > @now LIMIT 1", new { Hub = hub.Value, blob, now }, cancellationToken: cancellationToken)) is not null;

    internal static Task<int> RemoveOldAsync(WriteTransaction write, long before, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition("DELETE FROM file_uploads WHERE expires <= @before", new { before }, write.Transaction, cancellationToken: cancellationToken));
}
