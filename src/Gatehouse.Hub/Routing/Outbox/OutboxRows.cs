using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Routing.Outbox;

/// <summary>SQL of the <c>event_outbox</c> table (Schema/0012).</summary>
internal static class OutboxRows
{
    // From the first id to the last there are at least as many as wait. Each in a SELECT of its own: SQLite looks at the end of the index for one that stands alone, and at all rows for two.
    private const string Span = "COALESCE((SELECT MAX(id) FROM event_outbox WHERE hub = @hub) - (SELECT MIN(id) FROM event_outbox WHERE hub = @hub) + 1, 0)";

    // PostgreSQL's ids are of all hubs, so that there may be far fewer rows. Only then they are counted. SQLite's have no gaps: they go from the oldest on.
    private const string HasRoomAmongOthers = $"""
        CASE WHEN {Span} < @max THEN 1
        ELSE (SELECT CASE WHEN COUNT(*) < @max THEN 1 ELSE 0 END FROM (SELECT id FROM event_outbox WHERE hub = @hub LIMIT @max) AS waiting) END = 1
        """;

    /// <summary>How many were taken: none once <paramref name="max"/> wait, because whoever moves them on cannot.</summary>
    internal static Task<int> AddAsync(WriteTransaction write, SqlDialect dialect, HubName hub, IReadOnlyList<OutboxRow> rows, long max, CancellationToken cancellationToken) =>
        dialect.ForUpdate.Length > 0
            ? write.Connection.ExecuteAsync(new CommandDefinition(
                $"INSERT INTO event_outbox (hub, device_id, record) SELECT @hub, w.device, w.record FROM unnest(@devices, @records) WITH ORDINALITY AS w (device, record, place) WHERE {HasRoomAmongOthers} ORDER BY w.place",
                new { hub = hub.Value, devices = rows.Select(row => row.DeviceId).ToArray(), records = rows.Select(row => row.Record).ToArray(), max },
                write.Transaction,
                cancellationToken: cancellationToken))
            : write.Connection.ExecuteAsync(new CommandDefinition(
                $"INSERT INTO event_outbox (hub, id, device_id, record) SELECT @hub, (SELECT COALESCE(MAX(id), 0) + 1 FROM event_outbox WHERE hub = @hub), @device, @record WHERE {Span} < @max",
                rows.Select(row => new { hub = hub.Value, device = row.DeviceId, record = row.Record, max }),
                write.Transaction,
                cancellationToken: cancellationToken));

    /// <summary>The oldest, in order.</summary>
    internal static async Task<IReadOnlyList<OutboxRow>> ReadAsync(DbConnection connection, DbTransaction? transaction, HubName hub, int count, string suffix, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<OutboxRow>(new CommandDefinition(
            $"SELECT id AS Id, device_id AS DeviceId, record AS Record FROM event_outbox WHERE hub = @hub ORDER BY id LIMIT @count{suffix}",
            new { hub = hub.Value, count },
            transaction,
            cancellationToken: cancellationToken))];

    internal static Task DeleteAsync(WriteTransaction write, SqlDialect dialect, HubName hub, IEnumerable<long> ids, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            $"DELETE FROM event_outbox WHERE hub = @hub AND {(dialect.ForUpdate.Length > 0 ? "id = ANY(@ids)" : "id IN @ids")}",
            new { hub = hub.Value, ids = ids.ToArray() },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Removes the oldest; how many went.</summary>
    internal static Task<int> DropAsync(WriteTransaction write, HubName hub, int max, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM event_outbox WHERE hub = @hub AND id IN (SELECT id FROM event_outbox WHERE hub = @hub ORDER BY id LIMIT @max)",
            new { hub = hub.Value, max },
            write.Transaction,
            cancellationToken: cancellationToken));
}

/// <summary>An event that waits.</summary>
internal sealed class OutboxRow
{
    public long Id { get; init; }

    public string DeviceId { get; init; } = "";

    public byte[] Record { get; init; } = [];
}
