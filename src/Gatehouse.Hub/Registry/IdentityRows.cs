using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Registry;

/// <summary>SQL of the <c>identities</c> table.</summary>
internal static class IdentityRows
{
    private const string Select = """
        SELECT hub AS Hub, device_id AS DeviceId, module_id AS ModuleId, generation_id AS GenerationId, etag AS Etag, is_disabled AS IsDisabled, status_reason AS StatusReason,
          status_changed AS StatusChanged, credential_kind AS CredentialKind, primary_key AS PrimaryKey, secondary_key AS SecondaryKey, primary_thumbprint AS PrimaryThumbprint,
          secondary_thumbprint AS SecondaryThumbprint, managed_by AS ManagedBy, is_edge AS IsEdge, device_scope AS DeviceScope, parent_scope AS ParentScope, created AS Created, primary_made AS PrimaryMade, secondary_made AS SecondaryMade,
          networks AS Networks,
          CASE WHEN primary_derivation = 0 THEN NULL ELSE (SELECT d.sealed FROM derivation_keys d WHERE d.hub = identities.hub AND d.number = identities.primary_derivation) END AS PrimaryDerivedFrom,
          CASE WHEN secondary_derivation = 0 THEN NULL ELSE (SELECT d.sealed FROM derivation_keys d WHERE d.hub = identities.hub AND d.number = identities.secondary_derivation) END AS SecondaryDerivedFrom,
          CASE WHEN module_id = '' THEN (
            SELECT COUNT(*) FROM device_messages m WHERE m.hub = identities.hub AND m.device_id = identities.device_id AND m.generation_id = identities.generation_id
          ) ELSE 0 END AS CloudToDeviceMessages
        FROM identities WHERE hub = @Hub
        """;

    private const string Insert = """
        INSERT INTO identities (hub, device_id, module_id, generation_id, etag, is_disabled, status_reason, status_changed, credential_kind, primary_key, secondary_key,
          primary_thumbprint, secondary_thumbprint, managed_by, is_edge, device_scope, parent_scope, created, primary_made, secondary_made, primary_derivation, secondary_derivation)
        VALUES (@Hub, @DeviceId, @ModuleId, @GenerationId, @Etag, @IsDisabled, @StatusReason, @StatusChanged, @CredentialKind, @PrimaryKey, @SecondaryKey,
          @PrimaryThumbprint, @SecondaryThumbprint, @ManagedBy, @IsEdge, @DeviceScope, @ParentScope, @Created, @PrimaryMade, @SecondaryMade, @PrimaryDerivation, @SecondaryDerivation)
        """;

    private const string Update = """
        UPDATE identities SET etag = @Etag, is_disabled = @IsDisabled, status_reason = @StatusReason, status_changed = @StatusChanged, credential_kind = @CredentialKind,
          primary_key = @PrimaryKey, secondary_key = @SecondaryKey, primary_thumbprint = @PrimaryThumbprint, secondary_thumbprint = @SecondaryThumbprint,
          managed_by = @ManagedBy, is_edge = @IsEdge, device_scope = @DeviceScope, parent_scope = @ParentScope, primary_made = @PrimaryMade, secondary_made = @SecondaryMade,
          primary_derivation = @PrimaryDerivation, secondary_derivation = @SecondaryDerivation
        WHERE hub = @Hub AND device_id = @DeviceId AND module_id = @ModuleId
        """;

    /// <summary>The device and its modules; empty when there is no such device.</summary>
    internal static async Task<IReadOnlyList<IdentityRow>> ReadDeviceAsync(DbConnection connection, HubName hub, string deviceId, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<IdentityRow>(new CommandDefinition($"{Select} AND device_id = @DeviceId ORDER BY module_id", new { Hub = hub.Value, DeviceId = deviceId }, cancellationToken: cancellationToken))];

    internal static Task<IdentityRow?> FindAsync(DbConnection connection, HubName hub, IdentityKey key, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<IdentityRow>(new CommandDefinition(
            $"{Select} AND device_id = @DeviceId AND module_id = @ModuleId",
            new { Hub = hub.Value, DeviceId = key.Device.Value, ModuleId = key.Module?.Value ?? "" },
            cancellationToken: cancellationToken));

    internal static async Task<IReadOnlyList<IdentityRow>> ListDevicesAsync(DbConnection connection, HubName hub, int top, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<IdentityRow>(new CommandDefinition($"{Select} AND module_id = '' ORDER BY device_id LIMIT @Top", new { Hub = hub.Value, Top = top }, cancellationToken: cancellationToken))];

    /// <summary>Devices and modules after a place, devices before their modules.</summary>
    internal static async Task<IReadOnlyList<IdentityRow>> ListAsync(DbConnection connection, HubName hub, (string Device, string Module) after, int limit, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<IdentityRow>(new CommandDefinition(
            $"{Select} AND (device_id, module_id) > (@Device, @Module) ORDER BY device_id, module_id LIMIT @Limit",
            new { Hub = hub.Value, after.Device, after.Module, Limit = limit },
            cancellationToken: cancellationToken))];

    /// <summary>The device and its modules, read in a transaction that holds the hub's lock.</summary>
    internal static async Task<IReadOnlyList<IdentityRow>> ReadDeviceAsync(WriteTransaction transaction, HubName hub, string deviceId, CancellationToken cancellationToken) =>
        [.. await transaction.Connection.QueryAsync<IdentityRow>(new CommandDefinition(
            $"{Select} AND device_id = @DeviceId ORDER BY module_id", new { Hub = hub.Value, DeviceId = deviceId }, transaction.Transaction, cancellationToken: cancellationToken))];

    internal static Task InsertAsync(WriteTransaction transaction, IdentityRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(Insert, row, transaction.Transaction, cancellationToken: cancellationToken));

    internal static Task UpdateAsync(WriteTransaction transaction, IdentityRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(Update, row, transaction.Transaction, cancellationToken: cancellationToken));

    internal static Task DeleteDeviceAsync(WriteTransaction transaction, HubName hub, string deviceId, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM identities WHERE hub = @Hub AND device_id = @DeviceId", new { Hub = hub.Value, DeviceId = deviceId }, transaction.Transaction, cancellationToken: cancellationToken));

    internal static Task DeleteModuleAsync(WriteTransaction transaction, HubName hub, string deviceId, string moduleId, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM identities WHERE hub = @Hub AND device_id = @DeviceId AND module_id = @ModuleId",
            new { Hub = hub.Value, DeviceId = deviceId, ModuleId = moduleId },
            transaction.Transaction,
            cancellationToken: cancellationToken));
}
