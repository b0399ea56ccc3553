using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Resources;
using Gatehouse.Store;

namespace Gatehouse.Hub.Events;

/// <summary>SQL of the consumer groups (Schema/0002).</summary>
internal static class ConsumerGroupRows
{
    internal static async Task<IReadOnlyList<ConsumerGroup>> ListAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            "SELECT name AS Name, created AS Created FROM consumer_groups WHERE hub = @hub ORDER BY name_key", new { hub = hub.Value }, cancellationToken: cancellationToken));
        return [.. rows.Select(row => row.ToGroup())];
    }

    internal static async Task<ConsumerGroup?> FindAsync(DbConnection connection, DbTransaction? transaction, HubName hub, string name, CancellationToken cancellationToken)
    {
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            "SELECT name AS Name, created AS Created FROM consumer_groups WHERE hub = @hub AND name_key = @key",
            new { hub = hub.Value, key = ResourceName.KeyOf(name) },
            transaction,
            cancellationToken: cancellationToken));
        return row?.ToGroup();
    }

    internal static Task<long> CountAsync(WriteTransaction write, HubName hub, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM consumer_groups WHERE hub = @hub", new { hub = hub.Value }, write.Transaction, cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction write, HubName hub, ConsumerGroup group, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO consumer_groups (hub, name_key, name, created) VALUES (@hub, @key, @name, @created)",
            new { hub = hub.Value, key = ResourceName.KeyOf(group.Name), name = group.Name, created = group.Created?.UtcTicks ?? 0 },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction write, HubName hub, string name, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM consumer_groups WHERE hub = @hub AND name_key = @key",
            new { hub = hub.Value, key = ResourceName.KeyOf(name) },
            write.Transaction,
            cancellationToken: cancellationToken));

    private sealed class Row
    {
        public string Name { get; init; } = "";

        public long Created { get; init; }

        internal ConsumerGroup ToGroup() => new(Name, new DateTimeOffset(Created, TimeSpan.Zero));
    }
}
