namespace Gatehouse.Keys;

/// <summary>The attributes of a <c>pkcs11:</c> URI, percent-decoded; those before the question mark are parted by semicolons, those after it by ampersands. RFC 7512 §2.3.</summary>
internal static class Pkcs11Attributes
{
    private const string Scheme = "pkcs11:";
    private const int MostLabelCharacters = 32; // CK_TOKEN_INFO.label

    /// <summary>False for a URI that is malformed, or has an attribute twice or one that is not <paramref name="known"/>.</summary>
    internal static bool TryParse(string uri, out Dictionary<string, string> attributes, params ReadOnlySpan<string> known)
    {
        attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!uri.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return false;
        }

        var query = uri.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? uri[Scheme.Length..] : uri[Scheme.Length..query];
        var parts = path.Split(';').Concat(query < 0 ? [] : uri[(query + 1)..].Split('&'));
        foreach (var part in parts)
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !known.Contains(part[..equals]) || !attributes.TryAdd(part[..equals], Uri.UnescapeDataString(part[(equals + 1)..])))
            {
                return false;
            }
        }

        return true;
    }

    internal static bool IsLabel(string text) => text.Length is > 0 and <= MostLabelCharacters && !text.Any(char.IsControl) && text.Trim() == text;
}
