using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Connections;

/// <summary>SQL of the connection states (Schema/0003).</summary>
internal static class ConnectionRows
{
    internal static async Task<IReadOnlyList<ConnectionState>> ReadAllAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            """
            SELECT hub AS Hub, device_id AS DeviceId, module_id AS ModuleId, generation_id AS GenerationId, is_connected AS IsConnected,
                   state_changed AS StateChanged, last_activity AS LastActivity, kept_subscriptions AS KeptSubscriptions
            FROM connection_states
            """,
            cancellationToken: cancellationToken));
        return [.. rows.Select(row => row.ToState())];
    }

    /// <summary>Which of these devices are connected to some node.</summary>
    internal static async Task<IReadOnlySet<string>> FindConnectedAsync(DbConnection connection, SqlDialect dialect, HubName hub, string[] devices, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<string>(new CommandDefinition(
            $"SELECT device_id FROM connection_states WHERE hub = @hub AND module_id = '' AND is_connected = 1 AND device_id {dialect.AnyOf("@devices")}",
            new { hub = hub.Value, devices },
            cancellationToken: cancellationToken))).ToHashSet(StringComparer.Ordinal);

    /// <summary>Removes what belongs to identities that are gone.</summary>
    internal static Task PruneAsync(WriteTransaction write, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            DELETE FROM connection_states WHERE NOT EXISTS (
              SELECT 1 FROM identities i
              WHERE i.hub = connection_states.hub AND i.device_id = connection_states.device_id AND i.module_id = connection_states.module_id
                AND i.generation_id = connection_states.generation_id)
            """,
            transaction: write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task SaveAsync(WriteTransaction write, ConnectionState state, bool isConnected, long changed, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO connection_states (hub, device_id, module_id, generation_id, is_connected, state_changed, last_activity, kept_subscriptions)
            VALUES (@hub, @device, @module, @generation, @connected, @changed, @activity, @kept)
            ON CONFLICT (hub, device_id, module_id) DO UPDATE SET
              generation_id = excluded.generation_id, is_connected = excluded.is_connected, state_changed = excluded.state_changed,
              last_activity = excluded.last_activity, kept_subscriptions = excluded.kept_subscriptions
            """,
            new
            {
                hub = state.Hub.Value,
                device = state.Identity.Device.Value,
                module = state.Identity.Module?.Value ?? "",
                generation = state.GenerationId,
                connected = isConnected ? 1L : 0L,
                changed,
                activity = state.LastActivity,
                kept = state.KeptSubscriptions,
            },
            write.Transaction,
            cancellationToken: cancellationToken));

    private sealed class Row
    {
        public string Hub { get; init; } = "";

        public string DeviceId { get; init; } = "";

        public string ModuleId { get; init; } = "";

        public string GenerationId { get; init; } = "";

        public long IsConnected { get; init; }

        public long StateChanged { get; init; }

        public long LastActivity { get; init; }

        public long? KeptSubscriptions { get; init; }

        internal ConnectionState ToState()
        {
            var identity = new IdentityKey(Contracts.Identities.DeviceId.Parse(DeviceId), ModuleId.Length == 0 ? null : Contracts.Identities.ModuleId.Parse(ModuleId));
            var state = new ConnectionState(HubName.Parse(Hub), identity, GenerationId)
            {
                IsConnected = IsConnected != 0,
                StateChanged = StateChanged,
                KeptSubscriptions = KeptSubscriptions,
            };
            state.Touch(LastActivity);
            return state;
        }
    }
}
