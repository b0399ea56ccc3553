namespace Gatehouse.Transport.Amqp;

/// <summary>Text that the peer chose, as it may stand in a log: short, one line, ASCII.</summary>
internal static class LogText
{
    private const int MaxCharacters = 64;

    internal static string Of(string text)
    {
        var start = text.Length > MaxCharacters ? text[..MaxCharacters] : text;
        return start.AsSpan().ContainsAnyExceptInRange(' ', '~') ? string.Concat(start.Select(character => character is >= ' ' and <= '~' ? character : '?')) : start;
    }
}
