using Gatehouse.Hub.Queries.Language;

namespace Gatehouse.Hub.Queries.Sql;

/// <summary>A condition as SQL. Where the database cannot decide as memory would, it lets the row through.</summary>
/// <param name="Sql">Null: the database can say nothing.</param>
/// <param name="IsExact">Whether SQL says true exactly where memory does; false: it says true at least there.</param>
internal readonly record struct ConditionSql(string? Sql, bool IsExact)
{
    private const string Undefined = "(1 = NULL)";

    private static ConditionSql Unknown => new(null, false);

    internal static ConditionSql Translate(SqlText sql, TwinSql twin, bool isModule, Expression expression) => new Translator(sql, twin, isModule).Translate(expression);

    private sealed class Translator(SqlText sql, TwinSql twin, bool isModule)
    {
        internal ConditionSql Translate(Expression expression) => expression switch
        {
            Constant constant => new(constant.Value.IsBoolean ? Literal(constant.Value.IsTrue) : Undefined, true),
            Junction junction => TranslateJunction(junction),
            Negation negation => TranslateNegation(negation),
            Comparison comparison => TranslateComparison(comparison),
            Membership { Inner: PathExpression path } membership => TranslateMembership(path, membership),
            Call { Function.Name: "IS_DEFINED", Arguments: [PathExpression path] } => TranslateDefined(path),
            PathExpression path => TranslateComparison(path, ComparisonOperator.Equal, Value.Of(true)),
            _ => Unknown,
        };

        private ConditionSql TranslateJunction(Junction junction)
        {
            var parts = junction.Parts.Select(Translate).ToList();
            if (!junction.IsAnd && parts.Exists(part => part.Sql is null))
            {
                return Unknown;
            }

            var known = parts.Where(part => part.Sql is not null).Select(part => part.Sql!).ToList();
            return known.Count == 0 ? Unknown : new(Join(known, junction.IsAnd ? " AND " : " OR "), parts.TrueForAll(part => part.IsExact));
        }

        /// <summary>As a balanced tree: SQLite bounds the depth of an expression, not its length.</summary>
        private static string Join(List<string> parts, string word)
        {
            while (parts.Count > 1)
            {
                parts = [.. parts.Chunk(2).Select(pair => pair.Length == 2 ? $"({pair[0]}{word}{pair[1]})" : pair[0])];
            }

            return parts[0];
        }

        private ConditionSql TranslateNegation(Negation negation)
        {
            var inner = Translate(negation.Inner);
            return inner is { IsExact: true, Sql: { } text } ? new($"(NOT {text})", true) : Unknown;
        }

        private ConditionSql TranslateComparison(Comparison comparison) => (comparison.Left, comparison.Right) switch
        {
            (PathExpression path, Constant constant) => TranslateComparison(path, comparison.Operator, constant.Value),
            (Constant constant, PathExpression path) => TranslateComparison(path, Mirror(comparison.Operator), constant.Value),
            _ => Unknown,
        };

        private ConditionSql TranslateComparison(PathExpression path, ComparisonOperator comparison, Value constant)
        {
            var isEquality = comparison is ComparisonOperator.Equal or ComparisonOperator.NotEqual;
            if (!constant.IsPrimitive || (!isEquality && constant.Kind is not (ValueKind.Number or ValueKind.Text)))
            {
                return new(Undefined, true);
            }

            if (FindField(path) is { } field)
            {
                return new(CompareField(field, comparison, constant), true);
            }

            return twin.FindJson(sql, path.Steps) is { } json ? new(CompareJson(json, comparison, constant), true) : Unknown;
        }

        private string CompareField(FieldSql field, ComparisonOperator comparison, Value constant) => constant.Kind switch
        {
            ValueKind.Null => field.Empty == WhenEmpty.IsNull ? $"(CASE WHEN {field.Text} IS NULL THEN {Literal(comparison == ComparisonOperator.Equal)} END)" : Undefined,
            ValueKind.Text => field.Text is null ? Undefined : $"({(comparison is ComparisonOperator.Equal ? field.Text : twin.Collate(field.Text))} {Symbol(comparison)} {sql.Add(constant.TextString)})",
            ValueKind.Number => field.Number is null ? Undefined : $"(CAST({field.Number} AS DOUBLE PRECISION) {Symbol(comparison)} {sql.Add(constant.Number)})",
            _ => field.Flag is null ? Undefined : $"({field.Flag} = {Literal(constant.IsTrue == (comparison == ComparisonOperator.Equal))})",
        };

        private string CompareJson(JsonPathSql json, ComparisonOperator comparison, Value constant) => constant.Kind switch
        {
            ValueKind.Null => $"(CASE WHEN {json.Type} = 'null' THEN {Literal(comparison == ComparisonOperator.Equal)} END)",
            ValueKind.Text => $"(CASE WHEN {json.Type} = {json.TextType} THEN {json.Text} {Symbol(comparison)} {sql.Add(constant.TextString)} END)",
            ValueKind.Number => $"(CASE WHEN {json.Type} IN ({json.NumberTypes}) THEN {json.Number} {Symbol(comparison)} {sql.Add(constant.Number)} END)",
            _ => $"(CASE WHEN {json.IsBoolean(json.Type, true)} THEN {Literal(constant.IsTrue == (comparison == ComparisonOperator.Equal))} "
                + $"WHEN {json.IsBoolean(json.Type, false)} THEN {Literal(constant.IsTrue != (comparison == ComparisonOperator.Equal))} END)",
        };

        private ConditionSql TranslateMembership(PathExpression path, Membership membership)
        {
            var texts = membership.Values.Where(value => value.Kind == ValueKind.Text).Select(value => sql.Add(value.TextString)).ToList();
            var numbers = membership.Values.Where(value => value.Kind == ValueKind.Number).Select(value => sql.Add(value.Number)).ToList();
            var found = Literal(!membership.IsNegated);
            var missing = Literal(membership.IsNegated);
            var field = FindField(path);
            if (field is { Text: { } text, Empty: WhenEmpty.Never })
            {
                return new(texts.Count == 0 ? missing : $"({text}{(membership.IsNegated ? " NOT" : "")} IN ({string.Join(", ", texts)}))", true);
            }

            if (field is not null || twin.FindJson(sql, path.Steps) is not { } json)
            {
                return Unknown;
            }

            var cases = $"(CASE WHEN {json.Type} = {json.TextType} THEN {In(json.Text, texts, membership.IsNegated)} WHEN {json.Type} IN ({json.NumberTypes}) THEN {In(json.Number, numbers, membership.IsNegated)} "
                + $"WHEN {json.Type} = 'null' THEN {(membership.Values.Any(value => value.Kind == ValueKind.Null) ? found : missing)} "
                + $"WHEN {json.IsBoolean(json.Type, true)} THEN {(membership.Values.Any(value => value.IsTrue) ? found : missing)} "
                + $"WHEN {json.IsBoolean(json.Type, false)} THEN {(membership.Values.Any(value => value.Kind == ValueKind.False) ? found : missing)} END)";
            return new(cases, true);
        }

        private static string In(string value, List<string> parameters, bool isNegated) =>
            parameters.Count == 0 ? Literal(isNegated) : $"({value}){(isNegated ? " NOT" : "")} IN ({string.Join(", ", parameters)})";

        private ConditionSql TranslateDefined(PathExpression path)
        {
            if (FindField(path) is { } field)
            {
                var isDefined = (field.Text ?? field.Number ?? field.Flag, field.Empty) switch
                {
                    (null, _) => Literal(false),
                    ({ } text, WhenEmpty.IsUndefined) => $"({text} IS NOT NULL)",
                    _ => Literal(true),
                };
                return new(isDefined, true);
            }

            return twin.FindJson(sql, path.Steps) is { } json ? new($"({json.Type} IS NOT NULL)", true) : Unknown;
        }

        private FieldSql? FindField(PathExpression path)
        {
            var field = FieldSql.Find(path.Steps, isModule);
            sql.Joins |= field?.Joins ?? Joins.None;
            return field;
        }

        private static string Literal(bool value) => value ? "TRUE" : "FALSE";

        private static string Symbol(ComparisonOperator comparison) => comparison switch
        {
            ComparisonOperator.Equal => "=",
            ComparisonOperator.NotEqual => "<>",
            ComparisonOperator.Less => "<",
            ComparisonOperator.LessOrEqual => "<=",
            ComparisonOperator.Greater => ">",
            _ => ">=",
        };

        private static ComparisonOperator Mirror(ComparisonOperator comparison) => comparison switch
        {
            ComparisonOperator.Less => ComparisonOperator.Greater,
            ComparisonOperator.LessOrEqual => ComparisonOperator.GreaterOrEqual,
            ComparisonOperator.Greater => ComparisonOperator.Less,
            ComparisonOperator.GreaterOrEqual => ComparisonOperator.LessOrEqual,
            _ => comparison,
        };
    }
}
