using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Queries.Sql;
using Gatehouse.Store;

namespace Gatehouse.Hub.Queries;

/// <summary>How a query over twins is read: which index leads, what SQL decides, what memory judges.</summary>
internal sealed class QueryPlan
{
    private readonly SqlDialect dialect;
    private readonly Query query;
    private readonly TagDriver? driver;

    internal QueryPlan(SqlDialect dialect, Query query, TagDriver? driver)
    {
        this.dialect = dialect;
        this.query = query;
        this.driver = driver;
        IsExact = Condition(new SqlText()).IsExact;
    }

    /// <summary>Whether SQL decides alone.</summary>
    internal bool IsExact { get; }

    private bool IsModule => query.Source == QuerySource.Modules;

    /// <summary>The whole condition is one entry of the index: nothing else needs to be read to count.</summary>
    private bool IsDriverAlone => driver is { IsExact: true } && query.Condition.Expression is not Junction;

    /// <summary>Whole rows after a place, in the order of device and module.</summary>
    internal (string Sql, SqlText Text) Rows(string hub, string device, string module, int limit, DateTimeOffset now)
    {
        var sql = Begin(hub);
        sql.Parameters.Add("Now", now.UtcTicks);
        return Page(sql, $"{Twins.TwinRows.Columns}, c.is_connected AS IsConnected, c.state_changed AS StateChanged, c.last_activity AS LastActivity", device, module, limit);
    }

    /// <summary>The same, but their keys alone; only when <see cref="IsExact"/>.</summary>
    internal (string Sql, SqlText Text) Keys(string hub, string device, string module, int limit) =>
        Page(Begin(hub), "t.device_id AS DeviceId, t.module_id AS ModuleId, t.generation_id AS GenerationId", device, module, limit);

    private (string Sql, SqlText Text) Page(SqlText sql, string columns, string device, string module, int limit)
    {
        sql.Text.Append($"SELECT {columns} ");
        AppendFrom(sql);
        var key = driver is null ? "t" : "x";

        // Devices have no second part: one column is the whole place.
        sql.Text.Append(IsModule
            ? $" AND ({key}.device_id, {key}.module_id) > ({sql.Add(device)}, {sql.Add(module)})"
            : $" AND {key}.device_id > {sql.Add(device)}");
        sql.Text.Append($" ORDER BY {key}.device_id, {key}.module_id LIMIT {sql.Add(limit)}");
        return (sql.Text.ToString(), sql);
    }

    /// <summary>The number of rows; only when <see cref="IsExact"/>.</summary>
    internal (string Sql, SqlText Text) Count(string hub)
    {
        var sql = Begin(hub);
        if (IsDriverAlone)
        {
            sql.Text.Append($"SELECT count(*) FROM twin_tags x WHERE {driver!.Where(sql)} AND x.module_id {(IsModule ? "<>" : "=")} ''");
        }
        else
        {
            sql.Text.Append("SELECT count(*) ");
            AppendFrom(sql);
        }

        return (sql.Text.ToString(), sql);
    }

    private static SqlText Begin(string hub)
    {
        var sql = new SqlText();
        sql.Parameters.Add("hub", hub);
        return sql;
    }

    private void AppendFrom(SqlText sql)
    {
        var condition = Condition(sql);
        const string identities = "i.hub = t.hub AND i.device_id = t.device_id AND i.module_id = t.module_id AND i.generation_id = t.generation_id";
        const string connections = "LEFT JOIN connection_states c ON c.hub = t.hub AND c.device_id = t.device_id AND c.module_id = t.module_id AND c.generation_id = t.generation_id";
        if (driver is null)
        {
            sql.Text.Append($"FROM twins t CROSS JOIN identities i {connections} WHERE t.hub = @hub AND {identities} AND t.module_id {(IsModule ? "<>" : "=")} ''");
        }
        else
        {
            // CROSS JOIN: SQLite keeps the order of the tables, and so begins with the index; PostgreSQL decides from its statistics.
            sql.Text.Append(
                $"FROM twin_tags x CROSS JOIN twins t CROSS JOIN identities i {connections} WHERE {driver.Where(sql)} AND x.module_id {(IsModule ? "<>" : "=")} '' "
                + $"AND t.hub = x.hub AND t.device_id = x.device_id AND t.module_id = x.module_id AND {identities}");
        }

        if (condition.Sql is { } where)
        {
            sql.Text.Append($" AND {where}");
        }
    }

    private ConditionSql Condition(SqlText sql) => ConditionSql.Translate(sql, TwinSql.For(dialect.Name), IsModule, query.Condition.Expression);
}
