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
        if (dialect.Name == "postgres" && !query.IsAggregate)
        {
            // A page is short work: to start a second process for it, or to compile it, takes many times as long. The pool resets this.
            await connection.ExecuteAsync(new CommandDefinition("SET max_parallel_workers_per_gather = 0; SET jit = off", cancellationToken: cancellationToken));
        }

        var drivers = TagDriver.FindAll(query.Condition.Expression);
        TagDriver? best = null;
        var fewest = long.MaxValue;
        foreach (var driver in drivers.Take(8))
        {
            var entries = drivers.Count == 1 && driver.IsInOrder ? 0 : await CountEntriesAsync(connection, hub, driver, cancellationToken);

            // The entries of several values must be sorted for every page: worth it only while they are few.
            if (entries < fewest && (driver.IsInOrder || entries < Sample))
            {
                (best, fewest) = (driver, entries);
            }
        }

        return new QueryPlan(dialect, query, best);
    }

    internal static Task<IReadOnlyList<QueryTwinRow>> ReadAsync(
        DbConnection connection, QueryPlan plan, HubName hub, (string Device, string Module) after, int limit, DateTimeOffset now, CancellationToken cancellationToken) =>
        ReadAsync(connection, plan.Rows(hub.Value, after.Device, after.Module, limit, now), cancellationToken);

    /// <summary>Whole rows of these places; of what is gone by now there is none.</summary>
    internal static async Task<IReadOnlyList<QueryTwinRow>> ReadAsync(DbConnection connection, HubName hub, IReadOnlyList<(string Device, string Module)> places, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var rows = await ReadAsync(connection, QueryPlan.RowsOf(hub.Value, places.Select(place => place.Device).Distinct(), places.Select(place => place.Module).Distinct(), now), cancellationToken);
        var wanted = places.ToHashSet();
        return [.. rows.Where(row => wanted.Contains((row.Twin.DeviceId, row.Twin.ModuleId)))];
    }

    /// <summary>The values of the plan's paths, of rows after a place.</summary>
    internal static async Task<IReadOnlyList<ValueRow>> ReadValuesAsync(
        DbConnection connection, QueryPlan plan, HubName hub, (string Device, string Module) after, int limit, CancellationToken cancellationToken)
    {
        var (sql, text, values) = plan.SomeValues(hub.Value, after.Device, after.Module, limit);
        await using var reader = await connection.ExecuteReaderAsync(new CommandDefinition(sql, text.Parameters, cancellationToken: cancellationToken));
        var rows = new List<ValueRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new ValueRow(reader.GetString(0), reader.GetString(1), Read(reader, values, 2)));
        }

        return rows;
    }

    /// <summary>Hands each combination of the values of the plan's paths on, with the number of its rows, until told to stop.</summary>
    internal static async Task<bool> ReadGroupsAsync(DbConnection connection, QueryPlan plan, HubName hub, Func<Value[], long, bool> take, CancellationToken cancellationToken)
    {
        var (sql, text, values) = plan.Groups(hub.Value);
        await using var reader = await connection.ExecuteReaderAsync(new CommandDefinition(sql, text.Parameters, cancellationToken: cancellationToken));
        while (await reader.ReadAsync(cancellationToken))
        {
            if (!take(Read(reader, values, 1), reader.GetInt64(0)))
            {
                return false;
            }
        }

        return true;
    }

    internal static Task<long> CountAsync(DbConnection connection, QueryPlan plan, HubName hub, CancellationToken cancellationToken)
    {
        var (sql, text) = plan.Count(hub.Value);
        return connection.ExecuteScalarAsync<long>(new CommandDefinition(sql, text.Parameters, cancellationToken: cancellationToken));
    }

    private static Value[] Read(DbDataReader reader, IReadOnlyList<ValueSql> values, int from)
    {
        var read = new Value[values.Count];
        for (var i = 0; i < read.Length; i++)
        {
            read[i] = values[i].Read(reader, from + i);
        }

        return read;
    }

    private static async Task<IReadOnlyList<QueryTwinRow>> ReadAsync(DbConnection connection, (string Sql, SqlText Text) query, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<TwinRow, QueryTwinRow.ConnectionRow?, QueryTwinRow>(
            new CommandDefinition(query.Sql, query.Text.Parameters, cancellationToken: cancellationToken),
            (twin, state) => new QueryTwinRow { Twin = twin, Connection = state ?? new() },
            splitOn: "IsConnected");
        return rows.AsList();
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
