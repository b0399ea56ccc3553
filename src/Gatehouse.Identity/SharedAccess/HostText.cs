namespace Gatehouse.Identity.SharedAccess;

/// <summary>Host names as clients write them: any case, perhaps with a port, IPv6 literals perhaps in brackets.</summary>
internal static class HostText
{
    /// <summary>The host without port and brackets.</summary>
    /// <remarks>Node copies a connection string's <c>localhost:18883</c> into user name and <c>sr</c>. More than one colon without brackets is a bare IPv6 literal.</remarks>
    internal static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        if (host.StartsWith("[", StringComparison.Ordinal))
        {
            var end = host.IndexOf(']');
            return end < 0 ? host : host[1..end];
        }

        var colon = host.IndexOf(':');
        return colon < 0 || host[(colon + 1)..].Contains(':') ? host : host[..colon];
    }

    internal static bool IsOneOf(ReadOnlySpan<char> host, IReadOnlyList<string> names)
    {
        var bare = WithoutPort(host);
        foreach (var name in names)
        {
            if (bare.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
