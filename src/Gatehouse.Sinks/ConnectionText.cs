namespace Gatehouse.Sinks;

/// <summary>Connection strings: <c>Key=value;Key=value</c>, keys in any case, values may hold <c>=</c>.</summary>
internal static class ConnectionText
{
    internal const int MaxLength = 1024;
    private const string Mask = "****";

    /// <summary>Null when it is no connection string, or one as answers show it: a mask that was put back is no secret.</summary>
    internal static Dictionary<string, string>? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaxLength)
        {
            return null;
        }

        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || part[(equals + 1)..].Trim() == Mask || !parts.TryAdd(part[..equals].Trim(), part[(equals + 1)..].Trim()))
            {
                return null;
            }
        }

        return parts;
    }

    /// <summary>The same text with the values of these keys masked, as answers show it.</summary>
    internal static string Masked(string text, params ReadOnlySpan<string> secrets)
    {
        var parts = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        for (var i = 0; i < parts.Length; i++)
        {
            var key = parts[i][..Math.Max(0, parts[i].IndexOf('=', StringComparison.Ordinal))].Trim();
            foreach (var secret in secrets)
            {
                if (key.Equals(secret, StringComparison.OrdinalIgnoreCase))
                {
                    parts[i] = $"{key}={Mask}";
                }
            }
        }

        return string.Join(';', parts);
    }
}
