using System.Text;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.Queries.Sql;

/// <summary>A part of a condition that the index of tags can answer: every twin that meets the condition has this entry.</summary>
/// <param name="Path">Keys below tags, joined by dots.</param>
/// <param name="Values">Texts, numbers or booleans, one of which it must equal; all of one type.</param>
/// <param name="Part">The part of the condition that it stands for.</param>
internal sealed record TagDriver(string Path, IReadOnlyList<Value> Values, Expression Part)
{
    /// <summary>More values than this are no reason to look into the index.</summary>
    private const int MaxValues = 32;

    /// <summary>Whether the entry alone decides: texts are shortened in the index.</summary>
    internal bool IsExact => Values.All(value => value.Kind != ValueKind.Text || value.TextString.Length < TwinTags.MaxTextLength);

    /// <summary>Whether the index has the entries in the order of pages.</summary>
    internal bool IsInOrder => Values.Count == 1;

    /// <summary>The equalities on tags that are parts of a top-level AND (or the whole condition).</summary>
    internal static IReadOnlyList<TagDriver> FindAll(Expression expression) =>
        expression is Junction { IsAnd: true } junction ? [.. junction.Parts.SelectMany(FindAll)] : Find(expression) is { } driver ? [driver] : [];

    /// <summary>What is left to decide of a condition once the entry is found; null for nothing.</summary>
    internal Expression? LeftOf(Expression expression)
    {
        if (!IsExact || expression is not Junction { IsAnd: true } junction)
        {
            return IsExact && ReferenceEquals(expression, Part) ? null : expression;
        }

        var left = junction.Parts.Select(LeftOf).OfType<Expression>().ToList();
        return left.Count switch { 0 => null, 1 => left[0], _ => new Junction(true, left) };
    }

    /// <summary>Conditions on alias x, the entry.</summary>
    internal string Where(SqlText sql)
    {
        var value = Values[0].Kind switch
        {
            // The type is not in the index: it is asked for only where a boolean has the same text.
            ValueKind.Text => $"x.text_value {Equal(Values.Select(value => sql.Add(TwinTags.Shorten(value.TextString))))}{(Values.Any(value => value.TextString is "true" or "false") ? " AND x.kind = 'string'" : "")}",
            ValueKind.Number => $"x.number_value {Equal(Values.Select(value => sql.Add(value.Number)))}",
            _ => $"x.text_value {Equal(Values.Select(value => value.IsTrue ? "'true'" : "'false'"))} AND x.kind = 'boolean'",
        };
        return $"x.hub = @hub AND x.path = {sql.Add(Path)} AND {value}";
    }

    private static string Equal(IEnumerable<string> values)
    {
        var all = values.ToList();
        return all.Count == 1 ? $"= {all[0]}" : $"IN ({string.Join(", ", all)})";
    }

    private static TagDriver? Find(Expression expression) => expression switch
    {
        Comparison { Operator: ComparisonOperator.Equal, Left: PathExpression path, Right: Constant constant } => Of(path, [constant.Value], expression),
        Comparison { Operator: ComparisonOperator.Equal, Left: Constant constant, Right: PathExpression path } => Of(path, [constant.Value], expression),
        Membership { IsNegated: false, Inner: PathExpression path, Values: { Count: > 0 and <= MaxValues } values } => Of(path, values, expression),
        PathExpression path => Of(path, [Value.Of(true)], expression),
        _ => null,
    };

    private static TagDriver? Of(PathExpression path, IReadOnlyList<Value> values, Expression part)
    {
        if (path.Steps is not [{ Name: "tags" }, _, ..] || path.Steps.Any(step => step.Name?.Contains('.', StringComparison.Ordinal) != false) || !(values.All(value => value.IsBoolean) || values.All(value => value.Kind == ValueKind.Number) || values.All(value => value.Kind == ValueKind.Text)))
        {
            return null;
        }

        var joined = string.Join('.', path.Steps.Skip(1).Select(step => step.Name));
        return Encoding.UTF8.GetByteCount(joined) <= TwinTags.MaxPathBytes ? new TagDriver(joined, values, part) : null;
    }
}
