using System.Text;
using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Queries.Sql;

/// <summary>How one database names a path of a stored twin: its type, its text, its number.</summary>
/// <remarks>Aliases: t twins, i identities, c connection_states. Null where only memory can tell.</remarks>
internal abstract class TwinSql
{
    internal static TwinSql For(string dialect) => dialect == "sqlite" ? new SqliteTwinSql() : new PostgresTwinSql();

    /// <summary>A path into one of the JSON columns; null when this database cannot address it safely.</summary>
    internal JsonPathSql? FindJson(SqlText sql, IReadOnlyList<PathStep> steps)
    {
        var (column, from) = steps switch
        {
            [{ Name: "tags" }, _, ..] => ("t.tags", 1),
            [{ Name: "configurations" }, _, ..] => ("t.configurations", 1),
            [{ Name: "properties" }, { Name: "desired" }, { Name: "$metadata" }, _, ..] => ("t.desired_metadata", 3),
            [{ Name: "properties" }, { Name: "reported" }, { Name: "$metadata" }, _, ..] => ("t.reported_metadata", 3),
            [{ Name: "properties" }, { Name: "desired" }, { Name: not ("$version" or "$metadata") }, ..] => ("t.desired", 2),
            [{ Name: "properties" }, { Name: "reported" }, { Name: not ("$version" or "$metadata") }, ..] => ("t.reported", 2),
            _ => ("", 0),
        };
        return from == 0 ? null : Address(sql, column, [.. steps.Skip(from)]);
    }

    /// <summary>A column that no index shall answer: a planner that would take the wrong one.</summary>
    internal virtual string WithoutIndex(string column) => column;

    /// <summary>A text whose order is that of code points.</summary>
    internal abstract string Collate(string text);

    private protected abstract JsonPathSql? Address(SqlText sql, string column, IReadOnlyList<PathStep> steps);

    private sealed class SqliteTwinSql : TwinSql
    {
        // Source: https://sqlite.org/optoverview.html, "Disqualifying WHERE Clause Terms Using Unary-+".
        internal override string WithoutIndex(string column) => $"+{column}";

        internal override string Collate(string text) => text;

        private protected override JsonPathSql? Address(SqlText sql, string column, IReadOnlyList<PathStep> steps)
        {
            var path = new StringBuilder("$");
            foreach (var step in steps)
            {
                if (step.Name is null)
                {
                    path.Append('[').Append(step.Index).Append(']');
                }
                else if (step.Name.All(character => character is >= ' ' and <= '~' and not ('"' or '\\')))
                {
                    path.Append(".\"").Append(step.Name).Append('"');
                }
                else
                {
                    // How SQLite compares keys that are escaped in the document differs between its versions.
                    return null;
                }
            }

            var parameter = sql.Add(path.ToString());
            return new JsonPathSql
            {
                Type = $"json_type({column}, {parameter})",
                TextType = "'text'",
                NumberTypes = "'integer', 'real'",
                IsBoolean = (type, value) => $"{type} = '{(value ? "true" : "false")}'",
                Text = $"json_extract({column}, {parameter})",
                Json = $"({column} -> {parameter})",
                Number = $"CAST(json_extract({column}, {parameter}) AS REAL)",
            };
        }
    }

    private sealed class PostgresTwinSql : TwinSql
    {
        internal override string Collate(string text) => $"({text} COLLATE \"C\")";

        private protected override JsonPathSql Address(SqlText sql, string column, IReadOnlyList<PathStep> steps)
        {
            // One -> for each step: unlike #>, it never takes a key for an index or the other way round.
            var value = column;
            foreach (var step in steps)
            {
                value += step.Name is null ? $" -> {sql.Add(step.Index)}::int" : $" -> {sql.Add(step.Name)}::text";
            }

            value = $"({value})";
            return new JsonPathSql
            {
                Type = $"jsonb_typeof({value})",
                TextType = "'string'",
                NumberTypes = "'number'",
                IsBoolean = (_, flag) => $"{value} = '{(flag ? "true" : "false")}'::jsonb",
                Text = $"({value} #>> '{{}}') COLLATE \"C\"",
                Json = $"({value}::text)",

                // As memory reads it: past the range of double there is no number, and below it is zero. The cast alone would fail.
                Number = $"CASE WHEN abs({value}::numeric) > 1.7976931348623157e308 THEN NULL WHEN abs({value}::numeric) < 5e-324 THEN 0 ELSE {value}::numeric::float8 END",
            };
        }
    }
}

/// <summary>SQL of one path into JSON; evaluated only behind a test of its type.</summary>
internal sealed record JsonPathSql
{
    /// <summary>SQL NULL when the path leads nowhere.</summary>
    public required string Type { get; init; }

    public required string TextType { get; init; }

    public required string NumberTypes { get; init; }

    public required Func<string, bool, string> IsBoolean { get; init; }

    public required string Text { get; init; }

    public required string Number { get; init; }

    /// <summary>The value as JSON text; SQL NULL when the path leads nowhere.</summary>
    public required string Json { get; init; }
}
