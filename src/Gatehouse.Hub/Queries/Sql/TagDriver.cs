using System.Text;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Queries.Sql;

/// <summary>A part of a condition that the index of tags can answer: every twin that meets the condition has this entry.</summary>
/// <param name="Path">Keys below tags, joined by dots.</param>
/// <param name="Value">A text, number or boolean that it must equal.</param>
internal sealed record TagDriver(string Path, Value Value)
{
    /// <summary>Whether the entry alone decides: texts are shortened in the index.</summary>
    internal bool IsExact => Value.Kind != ValueKind.Text || Value.TextString.Length < TwinTags.MaxTextLength;

    /// <summary>The equalities on tags that are parts of a top-level AND (or the whole condition).</summary>
    internal static IReadOnlyList<TagDriver> FindAll(Expression expression) =>
        expression is Junction { IsAnd: true } junction ? [.. junction.Parts.SelectMany(FindAll)] : Find(expression) is { } driver ? [driver] : [];

    /// <summary>Conditions on alias x, the entry.</summary>
    internal string Where(SqlText sql)
    {
        var value = Value.Kind switch
        {
            ValueKind.Text => $"x.text_value = {sql.Add(TwinTags.Shorten(Value.TextString))} AND x.kind = 'string'",
            ValueKind.Number => $"x.number_value = {sql.Add(Value.Number)}",
            _ => $"x.text_value = '{(Value.IsTrue ? "true" : "false")}' AND x.kind = 'boolean'",
        };
        return $"x.hub = @hub AND x.path = {sql.Add(Path)} AND {value}";
    }

    private static TagDriver? Find(Expression expression) => expression switch
    {
        Comparison { Operator: ComparisonOperator.Equal, Left: PathExpression path, Right: Constant constant } => Of(path, constant.Value),
        Comparison { Operator: ComparisonOperator.Equal, Left: Constant constant, Right: PathExpression path } => Of(path, constant.Value),
        PathExpression path => Of(path, Value.Of(true)),
        _ => null,
    };

    private static TagDriver? Of(PathExpression path, Value value)
    {
        if (path.Steps is not [{ Name: "tags" }, _, ..] || path.Steps.Any(step => step.Name is null) || !(value.IsBoolean || value.Kind is ValueKind.Number or ValueKind.Text))
        {
            return null;
        }

        var joined = string.Join('.', path.Steps.Skip(1).Select(step => step.Name));
        return Encoding.UTF8.GetByteCount(joined) <= TwinTags.MaxPathBytes ? new TagDriver(joined, value) : null;
    }
}
