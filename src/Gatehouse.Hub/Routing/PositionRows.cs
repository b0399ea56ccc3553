using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Routing;

/// <summary>SQL of how far each queue was carried on, and of who carries it (Schema/0009).</summary>
internal static class PositionRows
{
    /// <summary>Next sequence number by partition.</summary>
    internal static async Task<Dictionary<int, long>> ReadAsync(DbConnection connection, HubName hub, string queue, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<(long Part, long Next)>(new CommandDefinition(
            "SELECT part, next FROM routing_positions WHERE hub = @hub AND queue = @queue", new { hub = hub.Value, queue }, cancellationToken: cancellationToken));
        return rows.ToDictionary(row => (int)row.Part, row => row.Next);
    }

    /// <summary>Never backwards: a node that lost its lease may be late with what it knows.</summary>
    internal static Task SaveAsync(WriteTransaction write, HubName hub, string queue, int part, long next, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO routing_positions (hub, queue, part, next) VALUES (@hub, @queue, @part, @next) ON CONFLICT (hub, queue, part) DO UPDATE SET next = excluded.next WHERE routing_positions.next < excluded.next",
            new { hub = hub.Value, queue, part = (long)part, next },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task ForgetAsync(WriteTransaction write, HubName hub, string queue, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM routing_positions WHERE hub = @hub AND queue = @queue", new { hub = hub.Value, queue }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>True when this owner holds the hub's lease until then.</summary>
    internal static async Task<bool> LeaseAsync(WriteTransaction write, HubName hub, string owner, long now, long until, CancellationToken cancellationToken) =>
        await write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO routing_leases (hub, owner, until) VALUES (@hub, @owner, @until)
            ON CONFLICT (hub) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE routing_leases.owner = excluded.owner OR routing_leases.until < @now
            """,
            new { hub = hub.Value, owner, now, until },
            write.Transaction,
            cancellationToken: cancellationToken)) == 1;

    internal static Task ReleaseAsync(WriteTransaction write, HubName hub, string owner, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM routing_leases WHERE hub = @hub AND owner = @owner", new { hub = hub.Value, owner }, write.Transaction, cancellationToken: cancellationToken));
}
