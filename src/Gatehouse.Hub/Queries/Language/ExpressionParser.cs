namespace Gatehouse.Hub.Queries.Language;

/// <summary>Reads expressions by recursive descent. Depth is bounded, and the first fault ends it: every method answers null from then on.</summary>
internal sealed class ExpressionParser(IReadOnlyList<Token> tokens, QueryScope scope)
{
    private int next;
    private int nesting;

    internal QueryFault? Fault { get; private set; }

    internal Token Current => tokens[next];

    internal bool IsAtEnd => Current.Kind == TokenKind.End;

    internal bool IsKeyword(string word) => Current.Kind == TokenKind.Word && Current.Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    internal bool TakeKeyword(string word) => IsKeyword(word) && Advance();

    internal bool TakeSymbol(string symbol) => Current is { Kind: TokenKind.Symbol } && Current.Text == symbol && Advance();

    internal Token Take()
    {
        var token = Current;
        Advance();
        return token;
    }

    /// <summary>The token after the current one.</summary>
    internal bool IsFollowedBy(string symbol) => next + 1 < tokens.Count && tokens[next + 1] is { Kind: TokenKind.Symbol } following && following.Text == symbol;

    /// <summary>Notes the first fault, at the current token.</summary>
    internal void Fail(string reason) => FailAt(Current, reason);

    internal void FailAt(Token token, string reason) => Fault ??= new QueryFault(token.Position - 1, reason);

    internal Expression? ParseExpression() => Nested(ParseOr);

    internal PathExpression? ParsePath()
    {
        var start = Current;
        if (start.Kind is not (TokenKind.Word or TokenKind.Name))
        {
            Fail("expected a property");
            return null;
        }

        Advance();
        var steps = new List<PathStep> { PathStep.Key(start.Text) };
        while (Fault is null && TakeStep(steps))
        {
            if (steps.Count > QueryLimits.MaxSteps)
            {
                Fail("a path of too many parts");
            }
        }

        if (Fault is null && Paths.Bind(scope, steps) is { } path)
        {
            return path;
        }

        FailAt(start, "this property has no parts");
        return null;
    }

    private bool Advance()
    {
        if (!IsAtEnd)
        {
            next++;
        }

        return true;
    }

    private bool TakeStep(List<PathStep> steps)
    {
        if (Current.Kind == TokenKind.Name)
        {
            steps.Add(PathStep.Key(Take().Text));
        }
        else if (TakeSymbol("."))
        {
            if (Current.Kind is not (TokenKind.Word or TokenKind.Name))
            {
                Fail("expected a name after the dot");
                return false;
            }

            steps.Add(PathStep.Key(Take().Text));
        }
        else if (TakeSymbol("["))
        {
            if (Current.Kind != TokenKind.Number || Current.Number != Math.Floor(Current.Number) || Current.Number > 1_000_000)
            {
                Fail("expected an index");
                return false;
            }

            steps.Add(PathStep.At((int)Take().Number));
            return Expect("]");
        }
        else
        {
            return false;
        }

        return true;
    }

    private bool Expect(string symbol)
    {
        if (TakeSymbol(symbol))
        {
            return true;
        }

        Fail($"expected {symbol}");
        return false;
    }

    private Expression? Nested(Func<Expression?> parse)
    {
        if (nesting >= QueryLimits.MaxDepth)
        {
            Fail("nested too deep");
            return null;
        }

        nesting++;
        var expression = parse();
        nesting--;
        return expression;
    }

    /// <summary>Keeps the tree itself shallow: a chain of operators makes it deep without any bracket.</summary>
    private Expression? Checked(Expression expression)
    {
        if (expression.Depth <= QueryLimits.MaxDepth * 2)
        {
            return expression;
        }

        Fail("too many operators in a row");
        return null;
    }

    private Expression? ParseOr() => ParseJunction("OR", isAnd: false, ParseAnd);

    private Expression? ParseAnd() => ParseJunction("AND", isAnd: true, ParseNot);

    private Expression? ParseJunction(string word, bool isAnd, Func<Expression?> part)
    {
        if (part() is not { } first)
        {
            return null;
        }

        if (!IsKeyword(word))
        {
            return first;
        }

        var parts = new List<Expression> { first };
        while (TakeKeyword(word))
        {
            if (part() is not { } another)
            {
                return null;
            }

            parts.Add(another);
        }

        return new Junction(isAnd, parts);
    }

    private Expression? ParseNot()
    {
        if (!IsKeyword("NOT"))
        {
            return ParseComparison();
        }

        Advance();
        return Nested(ParseNot) is { } inner ? new Negation(inner) : null;
    }

    private Expression? ParseComparison()
    {
        if (ParseSum() is not { } left)
        {
            return null;
        }

        if (TakeKeyword("IN"))
        {
            return ParseList(left, isNegated: false);
        }

        if (TakeKeyword("NIN"))
        {
            return ParseList(left, isNegated: true);
        }

        if (FindOperator(Current) is not { } comparison)
        {
            return left;
        }

        Advance();
        return ParseSum() is { } right ? new Comparison(comparison, left, right) : null;
    }

    private static ComparisonOperator? FindOperator(Token token) => token.Kind != TokenKind.Symbol ? null : token.Text switch
    {
        "=" => ComparisonOperator.Equal,
        "!=" or "<>" => ComparisonOperator.NotEqual,
        "<" => ComparisonOperator.Less,
        "<=" => ComparisonOperator.LessOrEqual,
        ">" => ComparisonOperator.Greater,
        ">=" => ComparisonOperator.GreaterOrEqual,
        _ => null,
    };

    private Membership? ParseList(Expression inner, bool isNegated)
    {
        if (!Expect("["))
        {
            return null;
        }

        var values = new List<Value>();
        while (!TakeSymbol("]"))
        {
            if ((values.Count > 0 && !Expect(",")) || ParseConstant() is not { } value)
            {
                return null;
            }

            values.Add(value);
        }

        return new Membership(inner, values, isNegated);
    }

    private Value? ParseConstant()
    {
        var start = Current;
        if (Fault is null && ParseUnary() is Constant { Value: { IsPrimitive: true } value })
        {
            return value;
        }

        FailAt(start, "expected a constant");
        return null;
    }

    private Expression? ParseSum()
    {
        var left = ParseProduct();
        while (left is not null && Current is { Kind: TokenKind.Symbol, Text: "+" or "-" })
        {
            var symbol = Take().Text[0];
            left = ParseProduct() is { } right ? Checked(new Arithmetic(symbol, left, right)) : null;
        }

        return left;
    }

    private Expression? ParseProduct()
    {
        var left = ParseUnary();
        while (left is not null && Current is { Kind: TokenKind.Symbol, Text: "*" or "/" or "%" })
        {
            var symbol = Take().Text[0];
            left = ParseUnary() is { } right ? Checked(new Arithmetic(symbol, left, right)) : null;
        }

        return left;
    }

    private Expression? ParseUnary()
    {
        if (!TakeSymbol("-"))
        {
            return ParsePrimary();
        }

        return Nested(ParseUnary) switch
        {
            null => null,
            Constant { Value: { Kind: ValueKind.Number } value } => new Constant(Value.Of(-value.Number)),
            { } inner => new Arithmetic('-', new Constant(Value.Of(0d)), inner),
        };
    }

    private Expression? ParsePrimary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TokenKind.Number:
                Advance();
                return new Constant(Value.Of(token.Number));
            case TokenKind.Text:
                Advance();
                return new Constant(Value.Of(token.Text));
            case TokenKind.Name:
                return ParsePath();
            case TokenKind.Word:
                return ParseWord(token);
            default:
                return TakeSymbol("(") ? ParseGroup() : Unexpected();
        }
    }

    private Expression? Unexpected()
    {
        Fail(IsAtEnd ? "the query ends here, but a value was expected" : "expected a value");
        return null;
    }

    private Expression? ParseGroup() => ParseExpression() is { } inner && Expect(")") ? inner : null;

    private Expression? ParseWord(Token token)
    {
        if (IsFollowedBy("("))
        {
            return ParseCall(token);
        }

        switch (token.Text.ToUpperInvariant())
        {
            case "TRUE":
                Advance();
                return new Constant(Value.Of(true));
            case "FALSE":
                Advance();
                return new Constant(Value.Of(false));
            case "NULL":
                Advance();
                return new Constant(Value.Null);
            case "UNDEFINED":
                Advance();
                return new Constant(Value.Undefined);
            case "AND" or "OR" or "NOT" or "IN" or "NIN" or "AS" or "FROM" or "WHERE" or "GROUP" or "SELECT":
                Fail("expected a value");
                return null;
            default:
                return ParsePath();
        }
    }

    private Call? ParseCall(Token name)
    {
        if (Function.Find(name.Text) is not { } function)
        {
            Fail("there is no function of this name here");
            return null;
        }

        Advance();
        Advance();
        var arguments = new List<Expression>();
        while (!TakeSymbol(")"))
        {
            if ((arguments.Count > 0 && !Expect(",")) || ParseExpression() is not { } argument)
            {
                return null;
            }

            arguments.Add(argument);
            if (arguments.Count > function.MostArguments)
            {
                break;
            }
        }

        if (arguments.Count >= function.LeastArguments && arguments.Count <= function.MostArguments)
        {
            return new Call(function, arguments);
        }

        FailAt(name, $"{function.Name} takes another number of arguments");
        return null;
    }
}
