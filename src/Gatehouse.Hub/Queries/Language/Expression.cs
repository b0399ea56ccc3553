namespace Gatehouse.Hub.Queries.Language;

/// <summary>A node of a query's tree; evaluates itself on a subject.</summary>
internal abstract record Expression
{
    /// <summary>Nodes from here to the deepest leaf; bounded by the parser, so that walks may recurse.</summary>
    internal abstract int Depth { get; }

    internal abstract Value Evaluate(Subject subject);

    /// <summary>The paths in it, from left to right.</summary>
    internal IEnumerable<PathExpression> Paths() => this switch
    {
        PathExpression path => [path],
        Junction junction => junction.Parts.SelectMany(part => part.Paths()),
        Negation negation => negation.Inner.Paths(),
        Comparison comparison => comparison.Left.Paths().Concat(comparison.Right.Paths()),
        Membership membership => membership.Inner.Paths(),
        Arithmetic arithmetic => arithmetic.Left.Paths().Concat(arithmetic.Right.Paths()),
        Call call => call.Arguments.SelectMany(argument => argument.Paths()),
        _ => [],
    };
}

/// <summary>A constant.</summary>
internal sealed record Constant(Value Value) : Expression
{
    internal override int Depth => 1;

    internal override Value Evaluate(Subject subject) => Value;
}

/// <summary>AND or OR of two or more: undefined where the defined ones do not decide.</summary>
internal sealed record Junction(bool IsAnd, IReadOnlyList<Expression> Parts) : Expression
{
    internal override int Depth { get; } = 1 + Parts.Max(part => part.Depth);

    internal override Value Evaluate(Subject subject)
    {
        var isUndefined = false;
        for (var i = 0; i < Parts.Count; i++)
        {
            var value = Parts[i].Evaluate(subject);
            if (value.Kind == (IsAnd ? ValueKind.False : ValueKind.True))
            {
                return Value.Of(!IsAnd);
            }

            isUndefined |= !value.IsBoolean;
        }

        return isUndefined ? Value.Undefined : Value.Of(IsAnd);
    }
}

/// <summary>NOT; undefined stays undefined.</summary>
internal sealed record Negation(Expression Inner) : Expression
{
    internal override int Depth { get; } = 1 + Inner.Depth;

    internal override Value Evaluate(Subject subject)
    {
        var value = Inner.Evaluate(subject);
        return value.IsBoolean ? Value.Of(!value.IsTrue) : Value.Undefined;
    }
}

/// <summary>Comparison operators.</summary>
internal enum ComparisonOperator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>Two values of one type; anything else is undefined.</summary>
internal sealed record Comparison(ComparisonOperator Operator, Expression Left, Expression Right) : Expression
{
    internal override int Depth { get; } = 1 + Math.Max(Left.Depth, Right.Depth);

    internal override Value Evaluate(Subject subject)
    {
        var left = Left.Evaluate(subject);
        var right = Right.Evaluate(subject);
        if (Operator is ComparisonOperator.Equal or ComparisonOperator.NotEqual)
        {
            return Value.AreEqual(left, right) is { } equal ? Value.Of(equal == (Operator == ComparisonOperator.Equal)) : Value.Undefined;
        }

        return Value.Order(left, right) is { } order ? Value.Of(Holds(order)) : Value.Undefined;
    }

    private bool Holds(int order) => Operator switch
    {
        ComparisonOperator.Less => order < 0,
        ComparisonOperator.LessOrEqual => order <= 0,
        ComparisonOperator.Greater => order > 0,
        _ => order >= 0,
    };
}

/// <summary>IN and NIN: a primitive is in the list when one of the list is of its type and equal.</summary>
internal sealed record Membership(Expression Inner, IReadOnlyList<Value> Values, bool IsNegated) : Expression
{
    internal override int Depth { get; } = 1 + Inner.Depth;

    internal override Value Evaluate(Subject subject)
    {
        var value = Inner.Evaluate(subject);
        if (!value.IsPrimitive)
        {
            return Value.Undefined;
        }

        for (var i = 0; i < Values.Count; i++)
        {
            if (Value.AreEqual(value, Values[i]) == true)
            {
                return Value.Of(!IsNegated);
            }
        }

        return Value.Of(IsNegated);
    }
}

/// <summary>Arithmetic on two numbers; undefined for other types and where the result is no finite number.</summary>
/// <param name="Operator">One of <c>+ - * / %</c>.</param>
/// <param name="Left">Left operand.</param>
/// <param name="Right">Right operand.</param>
internal sealed record Arithmetic(char Operator, Expression Left, Expression Right) : Expression
{
    internal override int Depth { get; } = 1 + Math.Max(Left.Depth, Right.Depth);

    internal override Value Evaluate(Subject subject)
    {
        var left = Left.Evaluate(subject);
        var right = Right.Evaluate(subject);
        if (left.Kind != ValueKind.Number || right.Kind != ValueKind.Number)
        {
            return Value.Undefined;
        }

        return Value.Of(Operator switch
        {
            '+' => left.Number + right.Number,
            '-' => left.Number - right.Number,
            '*' => left.Number * right.Number,
            '/' => left.Number / right.Number,
            _ => left.Number % right.Number,
        });
    }
}

/// <summary>A function call.</summary>
internal sealed record Call(Function Function, IReadOnlyList<Expression> Arguments) : Expression
{
    internal override int Depth { get; } = 1 + (Arguments.Count == 0 ? 0 : Arguments.Max(argument => argument.Depth));

    internal override Value Evaluate(Subject subject) => Function.Evaluate(subject, Arguments);
}
