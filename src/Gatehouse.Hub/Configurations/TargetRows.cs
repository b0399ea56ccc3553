using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;

namespace Gatehouse.Hub.Configurations;

/// <summary>SQL of the <c>configuration_targets</c> table, and of the twins that are evaluated.</summary>
internal static class TargetRows
{
    private const string Columns = "configuration_id AS ConfigurationId, device_id AS DeviceId, module_id AS ModuleId, is_applied AS IsApplied, owned AS Owned";

    /// <summary>What is known of these devices and their modules.</summary>
    internal static async Task<IReadOnlyList<TargetRow>> ReadAsync(DbConnection connection, DbTransaction? transaction, SqlDialect dialect, HubName hub, IReadOnlyList<string> devices, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<TargetRow>(new CommandDefinition(
            $"SELECT {Columns} FROM configuration_targets WHERE hub = @Hub AND device_id {dialect.AnyOf("@Devices")}", new { Hub = hub.Value, Devices = devices.ToArray() }, transaction, cancellationToken: cancellationToken))];

    /// <summary>Twins of devices, or of all their modules.</summary>
    internal static async Task<IReadOnlyList<TwinRow>> ReadTwinsAsync(
        DbConnection connection, DbTransaction? transaction, SqlDialect dialect, HubName hub, IReadOnlyList<string> devices, bool areModules, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<TwinRow>(new CommandDefinition(
            $"SELECT {TwinRows.Columns} FROM twins t {TwinRows.Joined} WHERE t.hub = @Hub AND t.device_id {dialect.AnyOf("@Devices")} AND t.module_id {(areModules ? "<>" : "=")} ''",
            new { Hub = hub.Value, Devices = devices.ToArray(), Now = 0L },
            transaction,
            cancellationToken: cancellationToken))];

    /// <summary>Those that a configuration targets, after a place.</summary>
    internal static async Task<IReadOnlyList<IdentityKey>> PageAsync(DbConnection connection, HubName hub, string id, string device, string module, int limit, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<TargetRow>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM configuration_targets
            WHERE hub = @Hub AND configuration_id = @Id AND (device_id, module_id) > (@Device, @Module) ORDER BY device_id, module_id LIMIT @Limit
            """,
            new { Hub = hub.Value, Id = id, Device = device, Module = module, Limit = limit },
            cancellationToken: cancellationToken));
        return [.. rows.Select(row => KeyOf(row.DeviceId, row.ModuleId))];
    }

    internal static Task SaveAsync(WriteTransaction write, HubName hub, TargetRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO configuration_targets (hub, configuration_id, device_id, module_id, is_applied, owned) VALUES (@Hub, @ConfigurationId, @DeviceId, @ModuleId, @IsApplied, @Owned)
            ON CONFLICT (hub, configuration_id, device_id, module_id) DO UPDATE SET is_applied = excluded.is_applied, owned = excluded.owned
            """,
            new { Hub = hub.Value, row.ConfigurationId, row.DeviceId, row.ModuleId, row.IsApplied, row.Owned },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction write, HubName hub, TargetRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM configuration_targets WHERE hub = @Hub AND configuration_id = @ConfigurationId AND device_id = @DeviceId AND module_id = @ModuleId",
            new { Hub = hub.Value, row.ConfigurationId, row.DeviceId, row.ModuleId },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task SetConfigurationsAsync(WriteTransaction write, SqlDialect dialect, TwinRow twin, string configurations, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            $"UPDATE twins SET configurations = {dialect.Json("@Configurations")} WHERE hub = @Hub AND device_id = @DeviceId AND module_id = @ModuleId",
            new { twin.Hub, twin.DeviceId, twin.ModuleId, Configurations = configurations },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Targeted and applied.</summary>
    internal static Task<(long Targeted, long Applied)> CountAsync(DbConnection connection, HubName hub, string id, CancellationToken cancellationToken) =>
        connection.QuerySingleAsync<(long, long)>(new CommandDefinition(
            "SELECT COUNT(*), COALESCE(SUM(is_applied), 0) FROM configuration_targets WHERE hub = @Hub AND configuration_id = @Id", new { Hub = hub.Value, Id = id }, cancellationToken: cancellationToken));

    internal static IdentityKey KeyOf(string device, string module) => new(DeviceId.Parse(device), module.Length > 0 ? ModuleId.Parse(module) : null);
}
