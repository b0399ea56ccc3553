using System.Globalization;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>Reads <c>SELECT [TOP n] list FROM source [WHERE condition] [GROUP BY paths]</c>.</summary>
/// <remarks>Source: IoT Hub "Query language for device and module twins, jobs, and message routing" page.</remarks>
internal sealed class QueryParser
{
    private const int MaxColumns = 100;

    private readonly string text;
    private ExpressionParser parser = null!;

    internal QueryParser(string text) => this.text = text;

    internal Result<Query> Parse(bool isTail)
    {
        if (text.Length > QueryLimits.MaxCharacters)
        {
            return HubErrors.ArgumentInvalid.With($"The query is longer than {QueryLimits.MaxCharacters} characters.");
        }

        // The source decides what the names before it mean: it is looked up first.
        var (tokens, fault) = Tokenizer.Read(text, QueryScope.Twin);
        if (fault is not null)
        {
            return fault.ToError();
        }

        parser = new ExpressionParser(tokens, IsOverJobs(tokens) ? QueryScope.DeviceJob : QueryScope.Twin);
        var query = ParseQuery(isTail);
        return parser.Fault is { } wrong ? wrong.ToError() : query!;
    }

    private static bool IsOverJobs(IReadOnlyList<Token> tokens)
    {
        for (var i = 0; i + 3 < tokens.Count; i++)
        {
            if (IsWord(tokens[i], "FROM") && IsWord(tokens[i + 1], "devices") && tokens[i + 2].Text == "." && IsWord(tokens[i + 3], "jobs"))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsWord(Token token, string word) => token.Kind == TokenKind.Word && token.Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    private Query? ParseQuery(bool isTail)
    {
        if (!isTail && !Expect("SELECT"))
        {
            return null;
        }

        var top = !isTail && parser.TakeKeyword("TOP") ? ParseTop() : null;
        var columns = isTail || parser.TakeSymbol("*") ? null : ParseColumns();
        if (parser.Fault is not null || !Expect("FROM") || ParseSource() is not { } source)
        {
            return null;
        }

        var condition = parser.TakeKeyword("WHERE") ? parser.ParseExpression() : null;
        var groups = parser.Fault is null && parser.TakeKeyword("GROUP") ? ParseGroups() : [];
        if (parser.Fault is null && !parser.IsAtEnd)
        {
            parser.Fail("expected the end of the query");
        }

        var query = new Query
        {
            Source = source,
            Columns = columns,
            Condition = condition is null ? Condition.Always : Condition.Of(condition),
            GroupBy = groups,
            Top = top,
        };
        return parser.Fault is null && Check(query) ? query : null;
    }

    private bool Expect(string keyword)
    {
        if (parser.TakeKeyword(keyword))
        {
            return true;
        }

        parser.Fail($"expected {keyword}");
        return false;
    }

    private int? ParseTop()
    {
        if (parser.Current is { Kind: TokenKind.Number, Number: >= 1 and <= int.MaxValue } token && token.Number == Math.Floor(token.Number))
        {
            return (int)parser.Take().Number;
        }

        parser.Fail("expected a whole number from 1 on after TOP");
        return null;
    }

    private List<Column> ParseColumns()
    {
        var columns = new List<Column>();
        do
        {
            if (columns.Count == MaxColumns)
            {
                parser.Fail($"more than {MaxColumns} columns");
            }

            if (ParseColumn(columns.Count + 1) is not { } column)
            {
                return columns;
            }

            if (columns.Any(other => other.Name == column.Name))
            {
                parser.Fail($"two columns have the same name; give one another with AS");
                return columns;
            }

            columns.Add(column);
        }
        while (parser.TakeSymbol(","));

        return columns;
    }

    private Column? ParseColumn(int number)
    {
        var aggregate = parser.Current.Kind == TokenKind.Word && parser.IsFollowedBy("(") ? FindAggregate(parser.Current.Text) : null;
        var expression = aggregate is { } kind ? ParseAggregate(kind) : parser.ParseExpression();
        if (parser.Fault is not null)
        {
            return null;
        }

        var name = parser.TakeKeyword("AS") ? ParseName() : null;
        name ??= aggregate is null && expression is PathExpression { Steps: [.., { Name: { } last }] } ? last : string.Create(CultureInfo.InvariantCulture, $"${number}");
        return parser.Fault is null ? new Column(aggregate ?? ColumnKind.Value, expression, name) : null;
    }

    private string? ParseName()
    {
        if (parser.Current.Kind is TokenKind.Word or TokenKind.Name or TokenKind.Text)
        {
            return parser.Take().Text;
        }

        parser.Fail("expected a name after AS");
        return null;
    }

    private static ColumnKind? FindAggregate(string word) => word.ToUpperInvariant() switch
    {
        "COUNT" => ColumnKind.Count,
        "AVG" => ColumnKind.Average,
        "SUM" => ColumnKind.Sum,
        "MIN" => ColumnKind.Minimum,
        "MAX" => ColumnKind.Maximum,
        _ => null,
    };

    private PathExpression? ParseAggregate(ColumnKind kind)
    {
        parser.Take();
        parser.TakeSymbol("(");
        PathExpression? path = null;
        if (kind != ColumnKind.Count)
        {
            path = parser.ParsePath();
        }
        else
        {
            // COUNT() is what is documented; COUNT(*) is what people write.
            parser.TakeSymbol("*");
        }

        if (parser.Fault is null && !parser.TakeSymbol(")"))
        {
            parser.Fail("expected )");
        }

        return path;
    }

    private QuerySource? ParseSource()
    {
        if (!parser.TakeKeyword("devices"))
        {
            parser.Fail("expected devices, devices.modules or devices.jobs");
            return null;
        }

        if (!parser.TakeSymbol("."))
        {
            return QuerySource.Devices;
        }

        if (parser.TakeKeyword("modules"))
        {
            return QuerySource.Modules;
        }

        if (parser.TakeKeyword("jobs"))
        {
            return QuerySource.DeviceJobs;
        }

        parser.Fail("expected modules or jobs");
        return null;
    }

    private List<PathExpression> ParseGroups()
    {
        var groups = new List<PathExpression>();
        if (!Expect("BY"))
        {
            return groups;
        }

        do
        {
            if (parser.ParsePath() is not { } path)
            {
                return groups;
            }

            groups.Add(path);
        }
        while (parser.TakeSymbol(","));

        return groups;
    }

    private bool Check(Query query)
    {
        if (query.Source == QuerySource.DeviceJobs && query.Columns is not null)
        {
            parser.Fail("devices.jobs knows SELECT * only");
        }
        else if (query.Columns is null && query.GroupBy.Count > 0)
        {
            parser.Fail("GROUP BY needs a list of columns");
        }
        else if (query.IsAggregate && query.Columns!.Any(column => column.Kind == ColumnKind.Value && !query.GroupBy.Any(path => column.Expression is PathExpression shown && shown.IsSameAs(path))))
        {
            parser.Fail("beside an aggregate, only what GROUP BY names can be shown");
        }

        return parser.Fault is null;
    }
}
