using System.Data.Common;
using System.Globalization;
using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Queries.Sql;

/// <summary>One value of a row as SQL, where the database can hand it out by itself: the row's document then need not be made.</summary>
/// <param name="Sql">A column.</param>
/// <param name="Kind">How it is read.</param>
/// <param name="Empty">What SQL NULL means.</param>
internal sealed record ValueSql(string Sql, ValueSqlKind Kind, WhenEmpty Empty)
{
    /// <summary>Null for what only the document can tell.</summary>
    internal static ValueSql? Find(SqlText sql, TwinSql twin, bool isModule, PathExpression path)
    {
        if (FieldSql.Find(path.Steps, isModule) is { } field)
        {
            sql.Joins |= field.Joins;
            return (field.Text, field.Number, field.Flag) switch
            {
                ({ } text, _, _) => new(text, ValueSqlKind.Text, field.Empty),
                (_, { } number, _) => new(number, ValueSqlKind.Number, field.Empty),
                (_, _, { } flag) => new(flag, ValueSqlKind.Flag, field.Empty),
                _ => new("CAST(NULL AS TEXT)", ValueSqlKind.Text, WhenEmpty.IsUndefined),
            };
        }

        return twin.FindJson(sql, path.Steps) is { } json ? new(json.Json, ValueSqlKind.Json, WhenEmpty.IsUndefined) : null;
    }

    internal Value Read(DbDataReader reader, int ordinal)
    {
        if (reader.IsDBNull(ordinal))
        {
            return Empty == WhenEmpty.IsNull ? Value.Null : Value.Undefined;
        }

        return Kind switch
        {
            ValueSqlKind.Json => Value.OfJson(reader.GetString(ordinal)),
            ValueSqlKind.Text => Value.Of(reader.GetString(ordinal)),
            ValueSqlKind.Number => Value.Of(Convert.ToDouble(reader.GetValue(ordinal), CultureInfo.InvariantCulture)),
            _ => Value.Of(Convert.ToBoolean(reader.GetValue(ordinal), CultureInfo.InvariantCulture)),
        };
    }
}

/// <summary>How a column is read.</summary>
internal enum ValueSqlKind
{
    /// <summary>JSON text.</summary>
    Json,
    Text,
    Number,
    Flag,
}
