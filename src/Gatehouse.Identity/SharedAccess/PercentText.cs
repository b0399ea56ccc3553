namespace Gatehouse.Identity.SharedAccess;

/// <summary>Percent-decoding of token fields.</summary>
/// <remarks>
/// Either hex case; <c>+</c> stays <c>+</c> (hand-made tokens carry raw base64). Only printable ASCII may come out: ids, host names
/// and policy names hold nothing else, and a decoded control character has no business in a credential.
/// </remarks>
internal static class PercentText
{
    /// <returns>False when an escape is broken or decodes to something outside printable ASCII, or when the destination is too short.</returns>
    internal static bool TryDecode(ReadOnlySpan<char> text, Span<char> destination, out int written)
    {
        written = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                {
                    return false;
                }

                c = (char)((Nibble(text[i + 1]) << 4) | Nibble(text[i + 2]));
                i += 2;
            }

            if (c is < ' ' or > '~' || written == destination.Length)
            {
                return false;
            }

            destination[written++] = c;
        }

        return true;
    }

    internal static bool TryDecode(ReadOnlySpan<char> text, out string decoded)
    {
        var buffer = text.Length <= 512 ? stackalloc char[512] : new char[text.Length];
        var valid = TryDecode(text, buffer, out var written);
        decoded = valid ? new string(buffer[..written]) : "";
        return valid;
    }

    private static int Nibble(char hex) => char.IsAsciiDigit(hex) ? hex - '0' : (hex | 0x20) - 'a' + 10;
}
