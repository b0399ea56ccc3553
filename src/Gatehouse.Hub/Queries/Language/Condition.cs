using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>A condition, parsed once and asked many times; safe to share between threads.</summary>
public sealed class Condition
{
    private Condition(Expression expression)
    {
        Expression = expression;
        Paths = [.. expression.Paths()];
        UsesBody = Paths.Any(path => path.Root == PathRoot.Body);
        UsesTwin = Paths.Any(path => path.Root == PathRoot.Twin);
    }

    /// <summary>True for everything.</summary>
    public static Condition Always { get; } = new(new Constant(Value.Of(true)));

    /// <summary>Whether a message's body decides.</summary>
    public bool UsesBody { get; }

    /// <summary>Whether the twin of a message's sender decides; <see cref="MessageSubject.Twin"/> must be set then.</summary>
    public bool UsesTwin { get; }

    internal Expression Expression { get; }

    /// <summary>All paths that it mentions.</summary>
    internal IReadOnlyList<PathExpression> Paths { get; }

    /// <summary>ArgumentInvalid with the position for what is no condition: at most 8192 characters.</summary>
    public static Result<Condition> Parse(string text, QueryScope scope)
    {
        if (text.Length > QueryLimits.MaxCharacters)
        {
            return HubErrors.ArgumentInvalid.With($"The condition is longer than {QueryLimits.MaxCharacters} characters.");
        }

        var (condition, fault) = Read(text, scope);
        return condition is null ? fault!.ToError() : condition;
    }

    /// <summary>The condition, or where the text stops to be one. The caller has checked the length.</summary>
    internal static (Condition? Condition, QueryFault? Fault) Read(string text, QueryScope scope)
    {
        var (tokens, fault) = Tokenizer.Read(text, scope);
        if (fault is not null)
        {
            return (null, fault);
        }

        var parser = new ExpressionParser(tokens, scope);
        var expression = parser.ParseExpression();
        if (expression is not null && !parser.IsAtEnd)
        {
            parser.Fail("expected the end of the condition");
        }

        return parser.Fault is { } wrong ? (null, wrong) : (new Condition(expression!), null);
    }

    /// <summary>False and undefined are both no.</summary>
    public bool IsTrue(Subject subject) => Expression.Evaluate(subject).IsTrue;

    internal static Condition Of(Expression expression) => new(expression);
}
