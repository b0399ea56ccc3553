using System.Data;
using System.Data.Common;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Twins;

/// <summary>SQL of reported patches: two statements, prepared once for a whole transaction.</summary>
internal sealed class ReportRows : IAsyncDisposable
{
    private readonly DbCommand read;
    private readonly DbCommand write;

    internal ReportRows(WriteTransaction transaction, SqlDialect dialect)
    {
        const string One = "hub = @Hub AND device_id = @DeviceId AND module_id = @ModuleId";
        read = Command(
            transaction,
            $"SELECT reported, reported_metadata, reported_version, version FROM twins WHERE {One}{dialect.ForUpdate}",
            ("Hub", DbType.String),
            ("DeviceId", DbType.String),
            ("ModuleId", DbType.String));
        write = Command(
            transaction,
            $"""
            UPDATE twins SET etag = etag + (@Version - version), version = @Version, reported = {dialect.Json("@Reported")},
              reported_metadata = {dialect.Json("@ReportedMetadata")}, reported_version = @ReportedVersion
            WHERE {One}
            """,
            ("Version", DbType.Int64),
            ("Reported", DbType.String),
            ("ReportedMetadata", DbType.String),
            ("ReportedVersion", DbType.Int64),
            ("Hub", DbType.String),
            ("DeviceId", DbType.String),
            ("ModuleId", DbType.String));
    }

    /// <summary>Reads and locks; null when there is no such twin.</summary>
    internal async Task<ReportedState?> FindAsync(HubName hub, IdentityKey key, CancellationToken cancellationToken)
    {
        Address(read, hub, key);
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new ReportedState(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3)) : null;
    }

    internal Task SaveAsync(HubName hub, IdentityKey key, ReportedState state, CancellationToken cancellationToken)
    {
        Address(write, hub, key);
        write.Parameters["Version"].Value = state.TwinVersion;
        write.Parameters["Reported"].Value = state.Reported;
        write.Parameters["ReportedMetadata"].Value = state.Metadata;
        write.Parameters["ReportedVersion"].Value = state.Version;
        return write.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await read.DisposeAsync();
        await write.DisposeAsync();
    }

    private static void Address(DbCommand command, HubName hub, IdentityKey key)
    {
        command.Parameters["Hub"].Value = hub.Value;
        command.Parameters["DeviceId"].Value = key.Device.Value;
        command.Parameters["ModuleId"].Value = key.Module?.Value ?? "";
    }

    private static DbCommand Command(WriteTransaction transaction, string sql, params ReadOnlySpan<(string Name, DbType Type)> parameters)
    {
        var command = transaction.Connection.CreateCommand();
#pragma warning disable CA2100 // Both callers pass a text of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Transaction = transaction.Transaction;
        foreach (var (name, type) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.DbType) = (name, type);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}

/// <summary>The reported half of a twin in the store.</summary>
internal sealed record ReportedState(string Reported, string Metadata, long Version, long TwinVersion);
