using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Configurations;

/// <summary>SQL of sweeps, leases and nodes.</summary>
internal static class SweepRows
{
    internal static async Task<IReadOnlyList<Sweep>> ReadAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<Sweep>(new CommandDefinition(
            "SELECT configuration_id AS ConfigurationId, number AS Number, phase AS Phase, device_id AS DeviceId, module_id AS ModuleId FROM configuration_sweeps WHERE hub = @Hub ORDER BY number, configuration_id",
            new { Hub = hub.Value },
            cancellationToken: cancellationToken))];

    internal static Task BeginAsync(WriteTransaction write, HubName hub, string id, long number, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO configuration_sweeps (hub, configuration_id, number, phase, device_id, module_id) VALUES (@Hub, @Id, @Number, 0, '', '')
            ON CONFLICT (hub, configuration_id) DO UPDATE SET number = excluded.number, phase = 0, device_id = '', module_id = ''
            """,
            new { Hub = hub.Value, Id = id, Number = number },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task BeginAllAsync(WriteTransaction write, HubName hub, long number, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO configuration_sweeps (hub, configuration_id, number, phase, device_id, module_id) SELECT hub, id, @Number, 0, '', '' FROM configurations WHERE hub = @Hub
            ON CONFLICT (hub, configuration_id) DO UPDATE SET number = excluded.number, phase = 0, device_id = '', module_id = ''
            """,
            new { Hub = hub.Value, Number = number },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Goes on from here, unless the sweep has begun anew.</summary>
    internal static Task AdvanceAsync(WriteTransaction write, HubName hub, Sweep sweep, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE configuration_sweeps SET phase = @Phase, device_id = @DeviceId, module_id = @ModuleId WHERE hub = @Hub AND configuration_id = @ConfigurationId AND number = @Number",
            new { Hub = hub.Value, sweep.ConfigurationId, sweep.Number, sweep.Phase, sweep.DeviceId, sweep.ModuleId },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task EndAsync(WriteTransaction write, HubName hub, Sweep sweep, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM configuration_sweeps WHERE hub = @Hub AND configuration_id = @ConfigurationId AND number = @Number",
            new { Hub = hub.Value, sweep.ConfigurationId, sweep.Number },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>True when this owner holds the lease until then.</summary>
    internal static async Task<bool> LeaseAsync(WriteTransaction write, HubName hub, string owner, long now, long until, CancellationToken cancellationToken) =>
        await write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO configuration_leases (hub, owner, until) VALUES (@Hub, @Owner, @Until)
            ON CONFLICT (hub) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE configuration_leases.owner = excluded.owner OR configuration_leases.until < @Now
            """,
            new { Hub = hub.Value, Owner = owner, Now = now, Until = until },
            write.Transaction,
            cancellationToken: cancellationToken)) == 1;

    internal static Task ReleaseAsync(WriteTransaction write, string owner, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition("DELETE FROM configuration_leases WHERE owner = @Owner", new { Owner = owner }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Says that this node may have changed twins in memory only until it says that it has not.</summary>
    internal static Task EnterAsync(WriteTransaction write, HubName hub, string node, long until, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO configuration_nodes (hub, node, until) VALUES (@Hub, @Node, @Until) ON CONFLICT (hub, node) DO UPDATE SET until = excluded.until",
            new { Hub = hub.Value, Node = node, Until = until },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task LeaveAsync(WriteTransaction write, HubName hub, string node, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM configuration_nodes WHERE hub = @Hub AND node = @Node", new { Hub = hub.Value, Node = node }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Takes the nodes away that ended without leaving; how many there were.</summary>
    internal static Task<int> ForgetAsync(WriteTransaction write, HubName hub, string self, long now, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM configuration_nodes WHERE hub = @Hub AND node <> @Self AND until < @Now", new { Hub = hub.Value, Self = self, Now = now }, write.Transaction, cancellationToken: cancellationToken));

    internal static Task<long> CountLostAsync(DbConnection connection, HubName hub, string self, long now, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM configuration_nodes WHERE hub = @Hub AND node <> @Self AND until < @Now", new { Hub = hub.Value, Self = self, Now = now }, cancellationToken: cancellationToken));
}
