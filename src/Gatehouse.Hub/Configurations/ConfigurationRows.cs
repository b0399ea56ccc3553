using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Configurations;

/// <summary>SQL of the <c>configurations</c> table and the revision of the set.</summary>
internal static class ConfigurationRows
{
    private const string Select = """
        SELECT hub AS Hub, id AS Id, etag AS Etag, priority AS Priority, target_condition AS TargetCondition, content AS Content, labels AS Labels, metrics AS Metrics,
          created AS Created, updated AS Updated, results AS Results, measured AS Measured
        FROM configurations WHERE hub = @Hub
        """;

    internal static Task<ConfigurationRow?> FindAsync(DbConnection connection, DbTransaction? transaction, HubName hub, string id, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<ConfigurationRow>(new CommandDefinition($"{Select} AND id = @Id", new { Hub = hub.Value, Id = id }, transaction, cancellationToken: cancellationToken));

    internal static async Task<IReadOnlyList<ConfigurationRow>> ListAsync(DbConnection connection, HubName hub, int most, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<ConfigurationRow>(new CommandDefinition($"{Select} ORDER BY id LIMIT @Most", new { Hub = hub.Value, Most = most }, cancellationToken: cancellationToken))];

    internal static Task<long> CountAsync(WriteTransaction write, HubName hub, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT COUNT(*) FROM configurations WHERE hub = @Hub", new { Hub = hub.Value }, write.Transaction, cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction write, ConfigurationRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO configurations (hub, id, etag, priority, target_condition, content, labels, metrics, created, updated, results, measured)
            VALUES (@Hub, @Id, @Etag, @Priority, @TargetCondition, @Content, @Labels, @Metrics, @Created, @Updated, @Results, @Measured)
            """,
            row,
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task UpdateAsync(WriteTransaction write, ConfigurationRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE configurations SET etag = @Etag, priority = @Priority, target_condition = @TargetCondition, labels = @Labels, metrics = @Metrics, updated = @Updated,
              results = @Results, measured = @Measured
            WHERE hub = @Hub AND id = @Id
            """,
            row,
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction write, HubName hub, string id, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition("DELETE FROM configurations WHERE hub = @Hub AND id = @Id", new { Hub = hub.Value, Id = id }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Keeps what the metrics counted, unless the configuration was changed meanwhile.</summary>
    internal static Task MeasureAsync(WriteTransaction write, ConfigurationRow row, string results, long measured, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE configurations SET results = @Results, measured = @Measured WHERE hub = @Hub AND id = @Id AND etag = @Etag AND created = @Created",
            new { row.Hub, row.Id, row.Etag, row.Created, Results = results, Measured = measured },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>The results are counted again as soon as can be.</summary>
    internal static Task ForgetResultsAsync(WriteTransaction write, HubName hub, string id, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition("UPDATE configurations SET measured = 0 WHERE hub = @Hub AND id = @Id", new { Hub = hub.Value, Id = id }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Ids of those whose results are from this time or before.</summary>
    internal static async Task<IReadOnlyList<string>> FindDueAsync(DbConnection connection, HubName hub, long measured, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT id FROM configurations WHERE hub = @Hub AND measured <= @Measured ORDER BY id", new { Hub = hub.Value, Measured = measured }, cancellationToken: cancellationToken))];

    /// <summary>0 when the hub never had a configuration.</summary>
    internal static Task<long> ReadRevisionAsync(DbConnection connection, DbTransaction? transaction, HubName hub, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COALESCE((SELECT revision FROM configuration_revisions WHERE hub = @Hub), 0)", new { Hub = hub.Value }, transaction, cancellationToken: cancellationToken));

    internal static Task<long> NextRevisionAsync(WriteTransaction write, HubName hub, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "INSERT INTO configuration_revisions (hub, revision) VALUES (@Hub, 1) ON CONFLICT (hub) DO UPDATE SET revision = configuration_revisions.revision + 1 RETURNING revision",
            new { Hub = hub.Value },
            write.Transaction,
            cancellationToken: cancellationToken));
}
