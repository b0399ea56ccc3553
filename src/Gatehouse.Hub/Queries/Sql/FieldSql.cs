namespace Gatehouse.Hub.Queries.Sql;

/// <summary>Tables beside the twin that SQL reads; a query that needs none of them does not read them.</summary>
[Flags]
internal enum Joins
{
    None = 0,

    /// <summary>Alias i.</summary>
    Identity = 1,

    /// <summary>Alias c.</summary>
    Connection = 2,

    All = Identity | Connection,
}

/// <summary>What a column that can be empty is then.</summary>
internal enum WhenEmpty
{
    Never,
    IsNull,
    IsUndefined,
}

/// <summary>System fields of a twin that the database can tell by itself.</summary>
/// <param name="Text">SQL of a text; null for other types.</param>
/// <param name="Number">SQL of a number; null for other types.</param>
/// <param name="Flag">SQL of a boolean; null for other types.</param>
/// <param name="Empty">What SQL NULL means.</param>
internal sealed record FieldSql(string? Text, string? Number, string? Flag, WhenEmpty Empty)
{
    /// <summary>Where it is read from, beside the twin.</summary>
    internal Joins Joins { get; private init; }

    /// <summary>Null for fields that memory must make: times, ETags, whole objects.</summary>
    internal static FieldSql? Find(IReadOnlyList<Language.PathStep> steps, bool isModule) => steps switch
    {
        [{ Name: "deviceId" }] => OfText("t.device_id"),
        [{ Name: "moduleId" }] => isModule ? OfText("t.module_id") : new(null, null, null, WhenEmpty.IsUndefined),
        [{ Name: "modelId" }] => OfText("COALESCE(t.model_id, '')"),
        [{ Name: "status" }] => OfText("CASE i.is_disabled WHEN 0 THEN 'enabled' ELSE 'disabled' END") with { Joins = Joins.Identity },
        [{ Name: "statusReason" }] => OfText("i.status_reason", WhenEmpty.IsNull) with { Joins = Joins.Identity },
        [{ Name: "connectionState" }] => OfText("CASE WHEN c.is_connected = 1 THEN 'Connected' ELSE 'Disconnected' END") with { Joins = Joins.Connection },
        [{ Name: "deviceScope" }] => OfText("i.device_scope", WhenEmpty.IsUndefined) with { Joins = Joins.Identity },
        [{ Name: "version" }] => OfNumber("t.version"),
        [{ Name: "properties" }, { Name: "desired" }, { Name: "$version" }] => OfNumber("t.desired_version"),
        [{ Name: "properties" }, { Name: "reported" }, { Name: "$version" }] => OfNumber("t.reported_version"),
        [{ Name: "capabilities" }, { Name: "iotEdge" }] => isModule
            ? new(null, null, null, WhenEmpty.IsUndefined)
            : new(null, null, "(i.is_edge <> 0)", WhenEmpty.Never) { Joins = Joins.Identity },
        _ => null,
    };

    private static FieldSql OfText(string sql, WhenEmpty empty = WhenEmpty.Never) => new($"({sql})", null, null, empty);

    private static FieldSql OfNumber(string sql) => new(null, $"({sql})", null, WhenEmpty.Never);
}
