namespace Gatehouse.Cli.Connecting;

/// <summary><c>HostName=…;SharedAccessKeyName=…;SharedAccessKey=…</c>, the host optionally with <c>:port</c>.</summary>
/// <param name="HostName">Name of the hub, without port.</param>
/// <param name="Port">HTTPS port; null when the text names none.</param>
/// <param name="PolicyName">Shared access policy.</param>
/// <param name="Key">Its key; null where there is a token.</param>
internal sealed record PolicyConnectionString(string HostName, int? Port, string PolicyName, byte[]? Key)
{
    private const string Form = "HostName=…;SharedAccessKeyName=…;SharedAccessKey=…";
    private const string TokenPart = "SharedAccessSignature";

    /// <summary>A token instead of the key, as a server gives it whose keys stay in an HSM; null where there is a key.</summary>
    internal string? Token { get; private init; }

    /// <param name="text">What was given; it holds a secret and is never shown.</param>
    /// <param name="source">Where it came from, for errors.</param>
    internal static PolicyConnectionString Parse(string text, string source)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !parts.TryAdd(part[..equals], part[(equals + 1)..]))
            {
                throw CliException.Usage($"{source} is not of the form {Form}: each part is a name, '=' and a value, once.");
            }
        }

        if (parts.ContainsKey("DeviceId"))
        {
            throw CliException.Usage($"{source} is a device's connection string; a policy's is needed ({Form}). The server prints one at its start.");
        }

        var (host, port) = HostAndPort.Parse(Part(parts, "HostName", source), source, "HostName");
        var policy = Part(parts, "SharedAccessKeyName", source);
        return parts.ContainsKey(TokenPart) && !parts.ContainsKey("SharedAccessKey")
            ? new PolicyConnectionString(host, port, policy, null) { Token = Part(parts, TokenPart, source) }
            : new PolicyConnectionString(host, port, policy, DecodeKey(Part(parts, "SharedAccessKey", source), source));
    }

    public override string ToString() => $"HostName={HostName};SharedAccessKeyName={PolicyName};SharedAccessKey=***";

    private static string Part(Dictionary<string, string> parts, string name, string source) =>
        parts.TryGetValue(name, out var value) && value.Length > 0 ? value : throw CliException.Usage($"{source} has no {name}; the form is {Form}.");

    private static byte[] DecodeKey(string key, string source)
    {
        try
        {
            return Convert.FromBase64String(key);
        }
        catch (FormatException error)
        {
            throw CliException.Usage($"{source}: the SharedAccessKey is not base64; copy the whole connection string, in quotes.", error);
        }
    }
}
