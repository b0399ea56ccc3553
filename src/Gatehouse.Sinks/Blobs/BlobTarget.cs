namespace Gatehouse.Sinks.Blobs;

/// <summary>A container of a storage account, and how its blobs are made.</summary>
public sealed record BlobTarget
{
    /// <summary>A storage account's connection string (key or SAS).</summary>
    public required string ConnectionString { get; init; }

    public required string ContainerName { get; init; }

    public required BlobNameFormat FileNameFormat { get; init; }

    public required BlobEncoding Encoding { get; init; }

    /// <summary>How long events are gathered.</summary>
    public required TimeSpan BatchFrequency { get; init; }

    /// <summary>Bytes at which a blob is written before that.</summary>
    public required long MaxChunkBytes { get; init; }

    public override string ToString() => $"container {ContainerName} ***";

    /// <summary>What is wrong with a storage account's connection string, in words; null when nothing is.</summary>
    public static string? Check(string? connectionString, SinkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (ConnectionText.Parse(connectionString) is not { } parts)
        {
            return $"The connection string must be that of a storage account, with its secrets in clear, and have at most {ConnectionText.MaxLength} characters.";
        }

        var hasKey = parts.ContainsKey("AccountKey") && parts.ContainsKey("AccountName");
        var hasAddress = parts.ContainsKey("AccountName") || parts.ContainsKey("BlobEndpoint");
        if (!hasAddress || !(hasKey || parts.ContainsKey("SharedAccessSignature")))
        {
            return "The connection string must hold AccountName and AccountKey, or BlobEndpoint and SharedAccessSignature.";
        }

        if ((parts.TryGetValue("AccountName", out var name) && !IsName(name))
            || (parts.TryGetValue("AccountKey", out var key) && !(Convert.TryFromBase64String(key, new byte[key.Length], out var length) && length > 0)))
        {
            return "The AccountName must have 1 to 63 letters, digits or hyphens, and the AccountKey must be base64.";
        }

        if (parts.GetValueOrDefault("DefaultEndpointsProtocol", Uri.UriSchemeHttps) is not ("https" or "http") || Uri.CheckHostName(parts.GetValueOrDefault("EndpointSuffix", "core.windows.net")) != UriHostNameType.Dns)
        {
            return "DefaultEndpointsProtocol must be https or http, and EndpointSuffix the end of a host name.";
        }

        return parts.TryGetValue("BlobEndpoint", out var endpoint) && !(Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.UserInfo.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0)
            ? "BlobEndpoint must be an https or http address, without user, query or fragment."
            : !options.AllowPrivateAddresses && !IsSecure(parts) ? "A storage account without TLS is taken only where private addresses are allowed (--private-endpoints)."
            : null;
    }

    public static string Masked(string connectionString) => ConnectionText.Masked(connectionString, "AccountKey", "SharedAccessSignature");

    /// <summary>3–63 characters of a-z 0-9 and single inner hyphens, or <c>$root</c>.</summary>
    /// <remarks>Source: "Naming and referencing containers, blobs, and metadata" page of Azure Storage.</remarks>
    public static bool IsContainerName(string? name) =>
        name is { Length: >= 3 and <= 63 } && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1]) && !name.Contains("--", StringComparison.Ordinal)
        && name.All(each => char.IsAsciiLetterLower(each) || char.IsAsciiDigit(each) || each == '-');

    private static bool IsName(string name) => name.Length is > 0 and <= 63 && name.All(static each => char.IsAsciiLetterOrDigit(each) || each == '-');

    private static bool IsSecure(Dictionary<string, string> parts) => (parts.GetValueOrDefault("BlobEndpoint") is { } endpoint
        ? new Uri(endpoint).Scheme
        : parts.GetValueOrDefault("DefaultEndpointsProtocol", Uri.UriSchemeHttps)).Equals(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase);
}
