namespace Gatehouse.Hub.Queries.Language;

/// <summary>Kinds of words of a query.</summary>
internal enum TokenKind
{
    End,

    /// <summary>A bare name or keyword.</summary>
    Word,

    /// <summary>A name that was written in <c>[[…]]</c> or <c>{…}</c>: never a keyword.</summary>
    Name,
    Number,
    Text,

    /// <summary>An operator or a bracket.</summary>
    Symbol,
}

/// <param name="Kind">Kind.</param>
/// <param name="Text">Word, name or symbol as written; text without its quotes and escapes.</param>
/// <param name="Number">Value of a number.</param>
/// <param name="Position">Of the first character, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, double Number, int Position);
