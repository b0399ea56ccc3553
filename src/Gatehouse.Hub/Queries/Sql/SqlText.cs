using System.Globalization;
using System.Text;
using Dapper;

namespace Gatehouse.Hub.Queries.Sql;

/// <summary>SQL that grows, with its parameters. Whatever comes from a query goes through <see cref="Add"/>, never into the text.</summary>
internal sealed class SqlText
{
    private int count;

    internal StringBuilder Text { get; } = new();

    internal DynamicParameters Parameters { get; } = new();

    /// <summary>Tables that what was written so far reads.</summary>
    internal Joins Joins { get; set; }

    /// <summary>Takes a value; the name to write in its place.</summary>
    internal string Add(object value)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"q{count++}");
        Parameters.Add(name, value);
        return "@" + name;
    }
}
