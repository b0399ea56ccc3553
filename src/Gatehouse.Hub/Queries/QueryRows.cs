using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Queries.Sql;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;

namespace Gatehouse.Hub.Queries;

/// <summary>Reads what a plan asks for.</summary>
internal static class QueryRows
{
    /// <summary>Entries that are looked at to find the most selective part of a condition.</summary>
    private const int Sample = 1000;

    internal static async Task<QueryPlan> PlanAsync(DbConnection connection, SqlDialect dialect, HubName hub, Query query, CancellationToken cancellationToken)
    {
        var drivers = TagDriver.FindAll(query.Condition.Expression);
        TagDriver? best = null;
        var fewest = long.MaxValue;
        foreach (var driver in drivers.Take(8))
        {
            var entries = drivers.Count == 1 ? 0 : await CountEntriesAsync(connection, hub, driver, cancellationToken);
            if (entries < fewest)
            {
                (best, fewest) = (driver, entries);
            }
        }

        return new QueryPlan(dialect, query, best);
    }

    internal static async Task<IReadOnlyList<QueryTwinRow>> ReadAsync(
        DbConnection connection, QueryPlan plan, HubName hub, (string Device, string Module) after, int limit, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (sql, text) = plan.Rows(hub.Value, after.Device, after.Module, limit, now);
        var rows = await connection.QueryAsync<TwinRow, QueryTwinRow.ConnectionRow?, QueryTwinRow>(
            new CommandDefinition(sql, text.Parameters, cancellationToken: cancellationToken),
            (twin, state) => new QueryTwinRow { Twin = twin, Connection = state ?? new() },
            splitOn: "IsConnected");
        return rows.AsList();
    }

    internal static Task<long> CountAsync(DbConnection connection, QueryPlan plan, HubName hub, CancellationToken cancellationToken)
    {
        var (sql, text) = plan.Count(hub.Value);
        return connection.ExecuteScalarAsync<long>(new CommandDefinition(sql, text.Parameters, cancellationToken: cancellationToken));
    }

    private static Task<long> CountEntriesAsync(DbConnection connection, HubName hub, TagDriver driver, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Parameters.Add("hub", hub.Value);
        var where = driver.Where(sql);
        return connection.ExecuteScalarAsync<long>(new CommandDefinition(
            $"SELECT count(*) FROM (SELECT 1 FROM twin_tags x WHERE {where} LIMIT {Sample}) entries", sql.Parameters, cancellationToken: cancellationToken));
    }
}
