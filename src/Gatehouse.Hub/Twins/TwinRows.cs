using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;

namespace Gatehouse.Hub.Twins;

/// <summary>SQL of the <c>twins</c> table. Deleting an identity deletes its twin (Schema/0004).</summary>
/// <remarks>Who locks the rows of several twins in one transaction does it in the order of hub, device and module, so that no two wait for each other.</remarks>
internal static class TwinRows
{
    internal const string Columns = """
        t.hub AS Hub, t.device_id AS DeviceId, t.module_id AS ModuleId, t.generation_id AS GenerationId, t.etag AS Etag, t.version AS Version, t.model_id AS ModelId, t.tags AS Tags,
          t.desired AS Desired, t.desired_metadata AS DesiredMetadata, t.desired_version AS DesiredVersion,
          t.reported AS Reported, t.reported_metadata AS ReportedMetadata, t.reported_version AS ReportedVersion, t.configurations AS Configurations,
          i.etag AS IdentityEtag, i.is_disabled AS IsDisabled, i.status_reason AS StatusReason, i.status_changed AS StatusChanged, i.credential_kind AS CredentialKind,
          i.primary_thumbprint AS PrimaryThumbprint, i.secondary_thumbprint AS SecondaryThumbprint, i.is_edge AS IsEdge, i.device_scope AS DeviceScope, i.parent_scope AS ParentScope,
          (SELECT COUNT(*) FROM device_messages m WHERE m.hub = t.hub AND m.device_id = t.device_id AND m.generation_id = t.generation_id AND (m.expires > @Now OR m.locked_until > @Now)) AS MessageCount
        """;

    internal const string Joined = "JOIN identities i ON i.hub = t.hub AND i.device_id = t.device_id AND i.module_id = t.module_id AND i.generation_id = t.generation_id";

    private const string One = "hub = @Hub AND device_id = @DeviceId AND module_id = @ModuleId";

    internal static Task<TwinRow?> FindAsync(DbConnection connection, HubName hub, IdentityKey key, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<TwinRow>(new CommandDefinition(
            $"SELECT {Columns} FROM twins t {Joined} WHERE t.hub = @Hub AND t.device_id = @DeviceId AND t.module_id = @ModuleId", Parameters(hub, key, now), cancellationToken: cancellationToken));

    /// <summary>Reads and locks the twin, not its identity: the registry locks in the other order.</summary>
    internal static Task<TwinRow?> LockAsync(WriteTransaction transaction, SqlDialect dialect, HubName hub, IdentityKey key, DateTimeOffset now, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<TwinRow>(new CommandDefinition(
            $"SELECT {Columns} FROM (SELECT * FROM twins WHERE {One}{dialect.ForUpdate}) t {Joined}", Parameters(hub, key, now), transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Locks the twins of devices and their modules, in the order that all keep to.</summary>
    internal static async Task LockAllAsync(WriteTransaction transaction, SqlDialect dialect, HubName hub, IReadOnlyList<string> devices, CancellationToken cancellationToken)
    {
        // Where one writer is the rule there is nothing to lock, and no collation of this name.
        if (dialect.ForUpdate.Length > 0)
        {
            await transaction.Connection.ExecuteAsync(new CommandDefinition(
                $"SELECT 1 FROM twins WHERE hub = @Hub AND device_id = ANY(@Devices) ORDER BY device_id COLLATE \"C\", module_id COLLATE \"C\"{dialect.ForUpdate}",
                new { Hub = hub.Value, Devices = devices.ToArray() },
                transaction.Transaction,
                cancellationToken: cancellationToken));
        }
    }

    /// <summary>Reads in a transaction, without a lock.</summary>
    internal static Task<TwinRow?> FindInAsync(WriteTransaction transaction, HubName hub, IdentityKey key, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<TwinRow>(new CommandDefinition(
            $"SELECT {Columns} FROM twins t {Joined} WHERE t.hub = @Hub AND t.device_id = @DeviceId AND t.module_id = @ModuleId", Parameters(hub, key), transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>What a device may read: desired, desired version, reported, reported version.</summary>
    internal static Task<PropertiesRow?> FindPropertiesAsync(DbConnection connection, HubName hub, IdentityKey key, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<PropertiesRow>(new CommandDefinition(
            $"SELECT generation_id AS GenerationId, desired AS Desired, desired_version AS DesiredVersion, reported AS Reported, reported_version AS ReportedVersion FROM twins WHERE {One}",
            Parameters(hub, key),
            cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction transaction, IdentityRow identity, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO twins (hub, device_id, module_id, generation_id, etag) VALUES (@Hub, @DeviceId, @ModuleId, @GenerationId, @Etag)",
            new { identity.Hub, identity.DeviceId, identity.ModuleId, identity.GenerationId, identity.Etag },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Writes what a back end may change.</summary>
    internal static Task UpdateAsync(WriteTransaction transaction, SqlDialect dialect, TwinRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            $"""
            UPDATE twins SET etag = @Etag, version = @Version, tags = {dialect.Json("@Tags")}, desired = {dialect.Json("@Desired")}, desired_metadata = {dialect.Json("@DesiredMetadata")},
              desired_version = @DesiredVersion
            WHERE {One}
            """,
            new { row.Hub, row.DeviceId, row.ModuleId, row.Etag, row.Version, row.Tags, row.Desired, row.DesiredMetadata, row.DesiredVersion },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task<ModelIdRow?> FindModelIdAsync(DbConnection connection, HubName hub, IdentityKey key, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<ModelIdRow>(new CommandDefinition($"SELECT generation_id AS GenerationId, model_id AS ModelId FROM twins WHERE {One}", Parameters(hub, key), cancellationToken: cancellationToken));

    internal static Task<int> SetModelIdAsync(WriteTransaction transaction, HubName hub, IdentityKey key, string generationId, string? modelId, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            $"UPDATE twins SET model_id = @ModelId WHERE {One} AND generation_id = @GenerationId",
            new { Hub = hub.Value, DeviceId = key.Device.Value, ModuleId = key.Module?.Value ?? "", GenerationId = generationId, ModelId = modelId },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    private static object Parameters(HubName hub, IdentityKey key, DateTimeOffset now = default) =>
        new { Hub = hub.Value, DeviceId = key.Device.Value, ModuleId = key.Module?.Value ?? "", Now = now.UtcTicks };

    internal sealed class ModelIdRow
    {
        public string GenerationId { get; init; } = "";

        public string? ModelId { get; init; }
    }

    internal sealed class PropertiesRow
    {
        public string GenerationId { get; init; } = "";

        public string Desired { get; init; } = "";

        public long DesiredVersion { get; init; }

        public string Reported { get; init; } = "";

        public long ReportedVersion { get; init; }
    }
}
