using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gatehouse.Wire.Http;

/// <summary>The path of a request, taken from the raw target and decoded exactly once, in segments.</summary>
/// <remarks>The server's own path is no good here: it keeps <c>%2F</c>, which IoT Explorer sends for every slash (<c>/devices%2Fd1</c>), and removes dot segments,
/// though <c>.</c> is a letter of device ids. <c>+</c> stays <c>+</c>: it is a letter of ids too.</remarks>
public sealed class RequestTarget
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private RequestTarget(string path)
    {
        Path = path;
        Segments = path.Length > 1 ? path[1..].Split('/') : [];
    }

    /// <summary>Decoded path with a leading and without a trailing slash: what a token's scope must cover.</summary>
    public string Path { get; }

    public IReadOnlyList<string> Segments { get; }

    /// <summary>False for a broken percent sequence, bytes that are no UTF-8, a NUL, and targets that are no path.</summary>
    public static bool TryParse(string rawTarget, [NotNullWhen(true)] out RequestTarget? target)
    {
        ArgumentNullException.ThrowIfNull(rawTarget);
        target = null;
        var text = PathOf(rawTarget);
        if (text.IsEmpty || text[0] != '/' || !TryDecode(text, out var path))
        {
            return false;
        }

        target = new RequestTarget(path.Length > 1 && path[^1] == '/' ? path[..^1] : path);
        return true;
    }

    // origin-form "/path?query" or absolute-form "https://host/path?query" (RFC 9112 §3.2)
    private static ReadOnlySpan<char> PathOf(string rawTarget)
    {
        var text = rawTarget.AsSpan();
        var end = text.IndexOfAny('?', '#');
        text = end < 0 ? text : text[..end];
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0 || text[0] == '/')
        {
            return text;
        }

        var authority = text[(scheme + 3)..];
        var slash = authority.IndexOf('/');
        return slash < 0 ? "/" : authority[slash..];
    }

    private static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? path)
    {
        path = null;
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                if (text[i] is '\0' or > '\u007f')
                {
                    return false;
                }

                bytes[length++] = (byte)text[i];
                continue;
            }

            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
            {
                return false;
            }

            bytes[length++] = (byte)((Hex(text[i + 1]) << 4) | Hex(text[i + 2]));
            i += 2;
        }

        try
        {
            path = Strict.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        return !path.Contains('\0', StringComparison.Ordinal);
    }

    private static int Hex(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
