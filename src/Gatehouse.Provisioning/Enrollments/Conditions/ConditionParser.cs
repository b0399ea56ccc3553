using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.Provisioning.Enrollments.Conditions;

/// <summary>Reads <c>SELECT * FROM {collection} [WHERE {condition}]</c>.</summary>
/// <remarks>
/// <code>
/// condition = and { OR and } ; and = not { AND not } ; not = NOT not | "(" condition ")" | path operator literal
/// path = name { "." name } ; operator = "=" | "!=" | "&lt;&gt;" | "&lt;" | "&lt;=" | "&gt;" | "&gt;=" ; literal = 'text' | number | true | false | null
/// </code>
/// Source: Device Provisioning Service "Query" part of the service's REST reference; the operators are those of the hub's language. Functions and projections are not spoken here.
/// </remarks>
internal sealed partial class ConditionParser
{
    private const int MaxLength = 4_096;
    private const int MaxDepth = 32;

    private readonly List<string> tokens;
    private int place;
    private int depth;

    private ConditionParser(List<string> tokens) => this.tokens = tokens;

    /// <summary>False when it is not understood. The condition is null when there is none.</summary>
    internal static bool TryParse(string? query, out string collection, out Condition? condition)
    {
        (collection, condition) = ("", null);
        if (query is not { Length: > 0 and <= MaxLength } || !TryCut(query, out var tokens))
        {
            return false;
        }

        var parser = new ConditionParser(tokens);
        if (!parser.Take("SELECT") || !parser.Take("*") || !parser.Take("FROM") || parser.Next() is not { } name)
        {
            return false;
        }

        collection = name;
        if (parser.Take("WHERE"))
        {
            condition = parser.ReadOr();
            return condition is not null && parser.IsAtEnd;
        }

        return parser.IsAtEnd;
    }

    private bool IsAtEnd => place == tokens.Count;

    private static bool TryCut(string query, out List<string> tokens)
    {
        tokens = [];
        var at = 0;
        foreach (var match in Token().EnumerateMatches(query))
        {
            if (match.Index != at)
            {
                return false;
            }

            at += match.Length;
            if (!char.IsWhiteSpace(query[match.Index]))
            {
                tokens.Add(query.Substring(match.Index, match.Length));
            }
        }

        return at == query.Length;
    }

    private Condition? ReadOr()
    {
        var left = ReadAnd();
        while (left is not null && Take("OR"))
        {
            left = ReadAnd() is { } right ? new Condition.Or(left, right) : null;
        }

        return left;
    }

    private Condition? ReadAnd()
    {
        var left = ReadNot();
        while (left is not null && Take("AND"))
        {
            left = ReadNot() is { } right ? new Condition.And(left, right) : null;
        }

        return left;
    }

    private Condition? ReadNot()
    {
        // The caller's nesting is our stack.
        if (++depth > MaxDepth)
        {
            return null;
        }

        Condition? read;
        if (Take("NOT"))
        {
            read = ReadNot() is { } inner ? new Condition.Not(inner) : null;
        }
        else if (Take("("))
        {
            read = ReadOr();
            read = Take(")") ? read : null;
        }
        else
        {
            read = ReadComparison();
        }

        depth--;
        return read;
    }

    private Condition.Comparison? ReadComparison()
    {
        if (Next() is not { } path || !(char.IsAsciiLetter(path[0]) || path[0] == '_') || Next() is not { } sign || Next() is not { } literal)
        {
            return null;
        }

        var known = sign switch { "<>" => "!=", "=" or "!=" or "<" or "<=" or ">" or ">=" => sign, _ => null };
        return known is not null && TryReadLiteral(literal, out var value) ? new Condition.Comparison(path.Split('.'), known, value) : null;
    }

    private static bool TryReadLiteral(string text, out object? value)
    {
        value = text switch
        {
            ['\'', .. var inner, '\''] => inner.Replace("''", "'", StringComparison.Ordinal),
            _ when text.Equals("true", StringComparison.OrdinalIgnoreCase) => true,
            _ when text.Equals("false", StringComparison.OrdinalIgnoreCase) => false,
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => null,
        };
        return value is not null || text.Equals("null", StringComparison.OrdinalIgnoreCase);
    }

    private bool Take(string word)
    {
        var fits = place < tokens.Count && tokens[place].Equals(word, StringComparison.OrdinalIgnoreCase);
        place += fits ? 1 : 0;
        return fits;
    }

    private string? Next() => place < tokens.Count ? tokens[place++] : null;

    // Blanks, or one token: text, number, path of names, operator.
    [GeneratedRegex(@"\s+|'(?:[^']|'')*'|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|<>|!=|<=|>=|[=<>()*]", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Token();
}
