using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Queries.Sql;
using Gatehouse.Store;

namespace Gatehouse.Hub.Queries;

/// <summary>How a query over twins is read: which index leads, what SQL decides, what memory judges, and of what.</summary>
internal sealed class QueryPlan
{
    /// <summary>Values that are read one by one; who wants more gets whole documents.</summary>
    private const int MaxValues = 64;

    private readonly TwinSql twin;
    private readonly Query query;
    private readonly TagDriver? driver;

    internal QueryPlan(SqlDialect dialect, Query query, TagDriver? driver)
    {
        (twin, this.query, this.driver) = (TwinSql.For(dialect.Name), query, driver);
        IsExact = Condition(new SqlText()).IsExact;
        Values = FindValues();
    }

    /// <summary>Whether SQL decides alone.</summary>
    internal bool IsExact { get; }

    /// <summary>The values of a row that are enough to judge and to show it; null when its whole document is needed.</summary>
    /// <remarks>Of <c>SELECT *</c> they are enough to judge it.</remarks>
    internal RowValues? Values { get; }

    /// <summary>All rows of the source are meant.</summary>
    internal bool IsUnconditional => ReferenceEquals(query.Condition, Language.Condition.Always);

    private bool IsModule => query.Source == QuerySource.Modules;

    /// <summary>The whole condition is one entry of the index: nothing else needs to be read to know the rows.</summary>
    private bool IsDriverAlone => driver is { IsExact: true } && query.Condition.Expression is not Junction;

    private string OfSource => IsModule ? "<> ''" : "= ''";

    /// <summary>Whole rows after a place, in the order of device and module.</summary>
    internal (string Sql, SqlText Text) Rows(string hub, string device, string module, int limit, DateTimeOffset now)
    {
        var sql = BeginRows(hub, now);
        AppendFrom(sql, Condition(sql));
        AppendPage(sql, device, module, limit);
        return (sql.Text.ToString(), sql);
    }

    /// <summary>The same, but their keys alone; only when <see cref="IsExact"/>.</summary>
    internal (string Sql, SqlText Text) Keys(string hub, string device, string module, int limit)
    {
        var sql = Begin(hub);
        sql.Text.Append("SELECT t.device_id AS DeviceId, t.module_id AS ModuleId, t.generation_id AS GenerationId ");
        AppendFrom(sql, Condition(sql));
        AppendPage(sql, device, module, limit);
        return (sql.Text.ToString(), sql);
    }

    /// <summary>Whole rows of some devices (of these modules of theirs), in the order of device and module.</summary>
    internal static (string Sql, SqlText Text) RowsOf(string hub, IEnumerable<string> devices, IEnumerable<string> modules, DateTimeOffset now)
    {
        var sql = BeginRows(hub, now);
        sql.Text.Append($"FROM twins t CROSS JOIN identities i {Connections} WHERE t.hub = @hub AND {Identities}");
        sql.Text.Append($" AND t.device_id IN ({string.Join(", ", devices.Select(sql.Add))}) AND t.module_id IN ({string.Join(", ", modules.Select(sql.Add))}) ORDER BY t.device_id, t.module_id");
        return (sql.Text.ToString(), sql);
    }

    /// <summary>Device, module and <see cref="Values"/> of rows after a place, in the order of device and module.</summary>
    internal (string Sql, SqlText Text, IReadOnlyList<ValueSql> Values) SomeValues(string hub, string device, string module, int limit)
    {
        var (sql, values) = BeginValues(hub);
        sql.Text.Append($"SELECT t.device_id, t.module_id{string.Concat(values.Select(value => $", {value.Sql}"))} ");
        AppendFrom(sql, Condition(sql));
        AppendPage(sql, device, module, limit);
        return (sql.Text.ToString(), sql, values);
    }

    /// <summary>Each combination of <see cref="Values"/> with the number of its rows; only when <see cref="IsExact"/>.</summary>
    internal (string Sql, SqlText Text, IReadOnlyList<ValueSql> Values) Groups(string hub)
    {
        var (sql, values) = BeginValues(hub);
        sql.Text.Append($"SELECT count(*){string.Concat(values.Select(value => $", {value.Sql}"))} ");
        AppendFrom(sql, Condition(sql));
        if (values.Count > 0)
        {
            sql.Text.Append($" GROUP BY {string.Join(", ", values.Select((_, i) => i + 2))}");
        }

        return (sql.Text.ToString(), sql, values);
    }

    /// <summary>The number of rows; only when <see cref="IsExact"/>.</summary>
    internal (string Sql, SqlText Text) Count(string hub)
    {
        var sql = Begin(hub);
        if (IsDriverAlone)
        {
            sql.Text.Append($"SELECT count(*) FROM twin_tags x WHERE {driver!.Where(sql)} AND x.module_id {OfSource}");
        }
        else
        {
            sql.Text.Append("SELECT count(*) ");
            AppendFrom(sql, Condition(sql));
        }

        return (sql.Text.ToString(), sql);
    }

    // The generation is the twin's own, as its foreign key says (Schema/0004). To ask for it made PostgreSQL expect one row where there are all, and read and sort the whole fleet for a page.
    private const string Identities = "i.hub = t.hub AND i.device_id = t.device_id AND i.module_id = t.module_id";
    private const string Connections = "LEFT JOIN connection_states c ON c.hub = t.hub AND c.device_id = t.device_id AND c.module_id = t.module_id AND c.generation_id = t.generation_id";

    private static SqlText Begin(string hub)
    {
        var sql = new SqlText();
        sql.Parameters.Add("hub", hub);
        return sql;
    }

    private static SqlText BeginRows(string hub, DateTimeOffset now)
    {
        var sql = Begin(hub);
        sql.Joins = Joins.All;
        sql.Parameters.Add("Now", now.UtcTicks);
        sql.Text.Append($"SELECT {Twins.TwinRows.Columns}, c.is_connected AS IsConnected, c.state_changed AS StateChanged, c.last_activity AS LastActivity ");
        return sql;
    }

    private (SqlText Sql, IReadOnlyList<ValueSql> Values) BeginValues(string hub)
    {
        var sql = Begin(hub);
        return (sql, [.. Values!.Paths.Select(path => ValueSql.Find(sql, twin, IsModule, path)!)]);
    }

    private void AppendFrom(SqlText sql, ConditionSql condition)
    {
        // Every twin has its identity (Schema/0004): without a need to read it, it need not be looked up.
        var identities = sql.Joins.HasFlag(Joins.Identity) ? "CROSS JOIN identities i " : "";
        var connections = sql.Joins.HasFlag(Joins.Connection) ? $"{Connections} " : "";
        if (driver is null)
        {
            sql.Text.Append($"FROM twins t {identities}{connections}WHERE t.hub = @hub AND t.module_id {OfSource}");
        }
        else
        {
            // CROSS JOIN: SQLite keeps the order of the tables, and so begins with the index; PostgreSQL decides from its statistics.
            sql.Text.Append(
                $"FROM twin_tags x CROSS JOIN twins t {identities}{connections}WHERE {driver.Where(sql)} AND x.module_id {OfSource} "
                + "AND t.hub = x.hub AND t.device_id = x.device_id AND t.module_id = x.module_id");
        }

        if (identities.Length > 0)
        {
            sql.Text.Append($" AND {Identities}");
        }

        if (condition.Sql is { } where)
        {
            sql.Text.Append($" AND {where}");
        }
    }

    private void AppendPage(SqlText sql, string device, string module, int limit)
    {
        var key = driver is null ? "t" : "x";
        var (deviceId, moduleId) = ($"{key}.device_id", $"{key}.module_id");
        if (driver is { IsInOrder: false })
        {
            // The few entries of the index are sorted; without this SQLite walks through all devices, because they are in order.
            (deviceId, moduleId) = (twin.WithoutIndex(deviceId), twin.WithoutIndex(moduleId));
        }

        // Devices have no second part: one column is the whole place.
        sql.Text.Append(IsModule
            ? $" AND ({deviceId}, {moduleId}) > ({sql.Add(device)}, {sql.Add(module)})"
            : $" AND {deviceId} > {sql.Add(device)}");
        sql.Text.Append($" ORDER BY {deviceId}, {moduleId} LIMIT {sql.Add(limit)}");
    }

    private RowValues? FindValues()
    {
        IEnumerable<PathExpression> columns = query.Columns is { } listed ? listed.SelectMany(column => column.Expression?.Paths() ?? []) : [];
        var values = new RowValues([.. columns, .. query.GroupBy, .. IsExact ? [] : query.Condition.Paths]);
        var sql = new SqlText();
        return values.Paths.Count <= MaxValues && values.Paths.All(path => ValueSql.Find(sql, twin, IsModule, path) is not null) ? values : null;
    }

    /// <summary>What the index has not decided.</summary>
    private ConditionSql Condition(SqlText sql)
    {
        var left = driver is null ? query.Condition.Expression : driver.LeftOf(query.Condition.Expression);
        return left is null ? new ConditionSql(null, true) : ConditionSql.Translate(sql, twin, IsModule, left);
    }
}
