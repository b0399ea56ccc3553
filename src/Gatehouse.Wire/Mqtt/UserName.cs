namespace Gatehouse.Wire.Mqtt;

/// <summary>
/// User name of CONNECT: <c>{host}/{clientId}/?{query}</c>, also <c>{host}/{clientId}/{query}</c>, <c>{host}/{clientId}?{query}</c> and <c>{host}/{clientId}</c>.
/// </summary>
/// <param name="HostName">As sent, perhaps with a port.</param>
/// <param name="ApiVersion">Null when absent.</param>
/// <param name="ClientType">DeviceClientType; for the log.</param>
/// <param name="ModelId">Plug and Play model; null when absent.</param>
public sealed record UserName(string HostName, string? ApiVersion, string? ClientType, string? ModelId)
{
    private const int MaxCharacters = 4096;

    /// <summary>Parses against the client id, which alone names the identity: ids may hold <c>?</c> and <c>%</c>, so the name is not split blindly.</summary>
    public static bool TryParse(string text, string clientId, out UserName? userName)
    {
        userName = null;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || text.Length > MaxCharacters || !text.AsSpan(slash + 1).StartsWith(clientId, StringComparison.Ordinal))
        {
            return false;
        }

        var rest = text.AsSpan(slash + 1 + clientId.Length);
        if (!rest.IsEmpty && rest[0] is not ('/' or '?'))
        {
            return false;
        }

        rest = rest.StartsWith("/") ? rest[1..] : rest;
        var hasMark = rest.StartsWith("?");
        var query = hasMark ? rest[1..] : rest;
        if (!hasMark && !query.IsEmpty && !IsQuery(query))
        {
            return false;
        }

        userName = new UserName(text[..slash], Find(query, "api-version"), Find(query, "DeviceClientType"), Find(query, "model-id"));
        return true;
    }

    // Without a question mark, what follows must begin with k=v: "host/device/module/?…" is not a device's name.
    private static bool IsQuery(ReadOnlySpan<char> query)
    {
        var equals = query.IndexOf('=');
        return equals > 0 && !query[..equals].Contains('/');
    }

    internal static string? Find(ReadOnlySpan<char> query, string key)
    {
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            var equals = pair.IndexOf('=');
            if (equals >= 0 && pair[..equals].SequenceEqual(key))
            {
                return Uri.UnescapeDataString(pair[(equals + 1)..]);
            }
        }

        return null;
    }
}
