using System.Globalization;

namespace Gatehouse.Transport.Amqp;

/// <summary>
/// Address of a link: <c>[scheme://host[:port]][/]path</c>. Segments are percent-decoded once; an empty segment at the start or the end is dropped.
/// </summary>
/// <remarks>Source: device-plane §2.4, service-plane §7 of the wire reference: clients send plain paths and full URIs.</remarks>
public sealed class AmqpAddress
{
    private const int MaxCharacters = 2_048;
    private const int MaxSegments = 16;

    private AmqpAddress(string text, string? host, string[] segments, string[] rawSegments) => (Text, Host, Segments, RawSegments) = (text, host, segments, rawSegments);

    /// <summary>As the peer wrote it.</summary>
    public string Text { get; }

    /// <summary>Host of a full URI, without port; null for a plain path.</summary>
    public string? Host { get; }

    public IReadOnlyList<string> Segments { get; }

    /// <summary>Segments as the peer wrote them: C and Node write ids raw, and an id may hold what looks like an escape.</summary>
    public IReadOnlyList<string> RawSegments { get; }

    /// <summary>False when it is too long, has too many segments or a broken escape.</summary>
    public static bool TryParse(string text, out AmqpAddress? address)
    {
        address = null;
        if (text.Length > MaxCharacters)
        {
            return false;
        }

        var (host, path) = SplitHost(text);
        var parts = path.Trim('/').Split('/');
        if (parts.Length > MaxSegments)
        {
            return false;
        }

        var raw = path.Contains('%', StringComparison.Ordinal) ? [.. parts] : parts;
        for (var i = 0; i < parts.Length; i++)
        {
            if (!TryDecode(parts[i], out parts[i]))
            {
                return false;
            }
        }

        address = new AmqpAddress(text, host, parts, raw);
        return true;
    }

    /// <summary>Whether the segments match the pattern: a literal (in any case), or <c>*</c> for any one segment that is not empty.</summary>
    public bool Matches(params ReadOnlySpan<string> pattern)
    {
        if (pattern.Length != Segments.Count)
        {
            return false;
        }

        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == "*" ? Segments[i].Length == 0 : !Segments[i].Equals(pattern[i], StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString() => Text;

    private static (string? Host, string Path) SplitHost(string text)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
        {
            return (null, text);
        }

        var rest = text[(scheme + 3)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var authority = slash < 0 ? rest : rest[..slash];
        return (WithoutPort(authority), slash < 0 ? "" : rest[slash..]);
    }

    private static string WithoutPort(string authority)
    {
        var colon = authority.LastIndexOf(':');
        return colon > 0 && int.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _) ? authority[..colon] : authority;
    }

    // A plus stays a plus: ids may hold one, and only one old library wrote a space so (ids hold no spaces).
    private static bool TryDecode(string segment, out string decoded)
    {
        decoded = segment;
        for (var at = segment.IndexOf('%', StringComparison.Ordinal); at >= 0; at = segment.IndexOf('%', at + 1))
        {
            if (at + 2 >= segment.Length || !char.IsAsciiHexDigit(segment[at + 1]) || !char.IsAsciiHexDigit(segment[at + 2]))
            {
                // C and Node write ids raw: a percent sign that escapes nothing is itself.
                return true;
            }
        }

        decoded = Uri.UnescapeDataString(segment);
        return !decoded.Contains('\0', StringComparison.Ordinal);
    }
}
