using System.Globalization;
using System.Text;

namespace Gatehouse.Cli.Output;

/// <summary>Text of devices and of other people, made harmless for a terminal.</summary>
/// <remarks>
/// Control characters (C0, DEL, C1) start escape sequences that can move the cursor, set the title or answer as if typed; format characters
/// (bidirectional overrides among them) make a line read as another. Both are shown as <c>\u001b</c>, so that nothing is lost and nothing acts.
/// </remarks>
internal static class SafeText
{
    internal static string Of(string? text)
    {
        if (text is null)
        {
            return "";
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (!IsHarmless(text, i, out _))
            {
                return Escape(text);
            }
        }

        return text;
    }

    private static string Escape(string text)
    {
        var safe = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            if (IsHarmless(text, i, out var length))
            {
                safe.Append(text, i, length);
                i += length - 1;
                continue;
            }

            _ = text[i] switch
            {
                '\n' => safe.Append("\\n"),
                '\r' => safe.Append("\\r"),
                '\t' => safe.Append("\\t"),
                var other => safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)other:x4}"),
            };
        }

        return safe.ToString();
    }

    private static bool IsHarmless(string text, int index, out int length)
    {
        var isPair = char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]);
        length = isPair ? 2 : 1;
        var category = isPair ? Rune.GetUnicodeCategory(new Rune(text[index], text[index + 1])) : char.GetUnicodeCategory(text[index]);
        return category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
    }
}
