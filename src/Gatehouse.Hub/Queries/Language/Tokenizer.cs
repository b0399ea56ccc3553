using System.Globalization;
using System.Text;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>Cuts a query into words. What it cannot read it reports with its position.</summary>
internal sealed class Tokenizer(string query, QueryScope scope)
{
    private const string OneCharacterSymbols = "=<>+-*/%(),.[]";

    private static readonly string[] TwoCharacterSymbols = ["!=", "<>", "<=", ">="];
    private static readonly string[] Symbols = [.. OneCharacterSymbols.Select(symbol => symbol.ToString())];

    private readonly List<Token> tokens = [];
    private int position;
    private QueryFault? fault;

    internal static (IReadOnlyList<Token> Tokens, QueryFault? Fault) Read(string query, QueryScope scope)
    {
        var tokenizer = new Tokenizer(query, scope);
        tokenizer.ReadAll();
        return (tokenizer.tokens, tokenizer.fault);
    }

    private void ReadAll()
    {
        while (fault is null)
        {
            while (position < query.Length && char.IsWhiteSpace(query[position]))
            {
                position++;
            }

            if (position >= query.Length)
            {
                Add(TokenKind.End, "", position);
                return;
            }

            ReadOne(query[position]);
        }
    }

    private void ReadOne(char first)
    {
        // After a dot a name may begin with a digit: tags.2nd.
        var afterDot = tokens.Count > 0 && tokens[^1] is { Kind: TokenKind.Symbol, Text: "." };
        if (char.IsLetter(first) || first is '_' or '$' || (afterDot && char.IsDigit(first)))
        {
            ReadWord();
        }
        else if (char.IsAsciiDigit(first))
        {
            ReadNumber();
        }
        else if (first is '\'' or '"')
        {
            ReadText(first);
        }
        else if (first == '[' && Next() == '[')
        {
            ReadName("[[", "]]");
        }
        else if (first == '{' && scope == QueryScope.Message)
        {
            ReadName("{", "}");
        }
        else
        {
            ReadSymbol(first);
        }
    }

    private char Next() => position + 1 < query.Length ? query[position + 1] : '\0';

    private void ReadWord()
    {
        var start = position++;

        // Only system properties of messages have hyphens in bare names: $dt-subject.
        var hyphens = scope == QueryScope.Message && query[start] == '$';
        while (position < query.Length && (char.IsLetterOrDigit(query[position]) || query[position] is '_' or '$' || (hyphens && query[position] == '-' && char.IsLetter(Next()))))
        {
            position++;
        }

        Add(TokenKind.Word, query[start..position], start);
    }

    private void ReadNumber()
    {
        var start = position;
        double value;
        if (query[start] == '0' && Next() is 'x' or 'X')
        {
            position += 2;
            while (position < query.Length && char.IsAsciiHexDigit(query[position]))
            {
                position++;
            }

            if (!ulong.TryParse(query.AsSpan(start + 2, position - start - 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex))
            {
                fault = new QueryFault(start, "a hexadecimal number needs 1 to 16 digits");
                return;
            }

            value = hex;
        }
        else
        {
            SkipDecimal();
            value = double.Parse(query.AsSpan(start, position - start), NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        if (!double.IsFinite(value) || (position < query.Length && (char.IsLetterOrDigit(query[position]) || query[position] == '_')))
        {
            fault = new QueryFault(start, "this is not a number");
            return;
        }

        tokens.Add(new Token(TokenKind.Number, "", value, start + 1));
    }

    private void SkipDecimal()
    {
        SkipDigits();
        if (position < query.Length && query[position] == '.' && char.IsAsciiDigit(Next()))
        {
            position++;
            SkipDigits();
        }

        if (position < query.Length && query[position] is 'e' or 'E')
        {
            var mark = position++;
            if (position < query.Length && query[position] is '+' or '-')
            {
                position++;
            }

            if (position >= query.Length || !char.IsAsciiDigit(query[position]))
            {
                position = mark;
                return;
            }

            SkipDigits();
        }
    }

    private void SkipDigits()
    {
        while (position < query.Length && char.IsAsciiDigit(query[position]))
        {
            position++;
        }
    }

    private void ReadText(char quote)
    {
        var start = position++;
        var text = new StringBuilder();
        while (position < query.Length && query[position] != quote)
        {
            if (query[position] != '\\')
            {
                text.Append(query[position++]);
            }
            else if (!TryReadEscape(text))
            {
                fault = new QueryFault(position, "an unknown escape; a backslash is written \\\\");
                return;
            }
        }

        if (position >= query.Length)
        {
            fault = new QueryFault(start, "the text has no end");
            return;
        }

        position++;
        AddChecked(TokenKind.Text, text.ToString(), start);
    }

    private bool TryReadEscape(StringBuilder text)
    {
        switch (Next())
        {
            case '\'' or '"' or '\\' or '/':
                text.Append(Next());
                break;
            case 'n':
                text.Append('\n');
                break;
            case 'r':
                text.Append('\r');
                break;
            case 't':
                text.Append('\t');
                break;
            case 'b':
                text.Append('\b');
                break;
            case 'f':
                text.Append('\f');
                break;
            case 'u' when position + 6 <= query.Length
                && ushort.TryParse(query.AsSpan(position + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code):
                text.Append((char)code);
                position += 4;
                break;
            default:
                return false;
        }

        position += 2;
        return true;
    }

    private void ReadName(string open, string close)
    {
        var start = position;
        var end = query.IndexOf(close, start + open.Length, StringComparison.Ordinal);
        if (end <= start + open.Length)
        {
            fault = new QueryFault(start, $"a name in {open} {close} is empty or has no end");
            return;
        }

        position = end + close.Length;
        AddChecked(TokenKind.Name, query[(start + open.Length)..end], start);
    }

    private void ReadSymbol(char first)
    {
        var start = position;
        foreach (var two in TwoCharacterSymbols)
        {
            if (string.CompareOrdinal(query, start, two, 0, 2) == 0)
            {
                position += 2;
                Add(TokenKind.Symbol, two, start);
                return;
            }
        }

        var known = OneCharacterSymbols.IndexOf(first, StringComparison.Ordinal);
        if (known < 0)
        {
            fault = new QueryFault(start, "an unexpected character");
            return;
        }

        position++;
        Add(TokenKind.Symbol, Symbols[known], start);
    }

    /// <summary>No NUL and no half of a surrogate pair: no document can hold them, and neither database takes them.</summary>
    private void AddChecked(TokenKind kind, string text, int start)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            // EnumerateRunes puts U+FFFD in the place of a lone half.
            if (rune.Value == 0 || (rune == Rune.ReplacementChar && !text.Contains('\uFFFD', StringComparison.Ordinal)))
            {
                fault = new QueryFault(start, "a character that no document can hold");
                return;
            }
        }

        Add(kind, text, start);
    }

    private void Add(TokenKind kind, string text, int start) => tokens.Add(new Token(kind, text, 0, start + 1));
}
