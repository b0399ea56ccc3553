using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Sinks.Blobs;

/// <summary>Makes signed requests for a storage account, by its key or with a shared access signature, and signs tokens for single blobs.</summary>
/// <remarks>Source: Azure Storage REST reference, "Put Blob", "Get Blob Properties", "Authorize with Shared Key" and "Create a service SAS". So few operations need no client library.</remarks>
internal sealed class StorageAccount
{
    private const string Version = "2021-08-06";

    // The fields of a service SAS are those of this version.
    private const string TokenVersion = "2020-12-06";

    // What is signed is what is sent: no rule for addresses makes another path of a name.
    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly byte[]? key;
    private readonly string? signature;

    private StorageAccount(Uri endpoint, string account, byte[]? key, string? signature) =>
        (Endpoint, Name, this.key, this.signature) = (endpoint, account, key, signature);

    /// <summary>With a slash at its end.</summary>
    internal Uri Endpoint { get; }

    internal string Name { get; }

    /// <summary>A connection string that <see cref="BlobTarget.Check"/> took.</summary>
    internal static StorageAccount Parse(string connectionString)
    {
        var parts = ConnectionText.Parse(connectionString) ?? throw new FormatException("The connection string of the storage account holds a mask in the place of a secret: give it anew.");
        parts.TryGetValue("AccountName", out var account);
        var endpoint = parts.TryGetValue("BlobEndpoint", out var given)
            ? given
            : $"{parts.GetValueOrDefault("DefaultEndpointsProtocol", "https")}://{account}.blob.{parts.GetValueOrDefault("EndpointSuffix", "core.windows.net")}";
        var hasSignature = parts.TryGetValue("SharedAccessSignature", out var signature);
        byte[]? key = null;
        if (!hasSignature && parts.TryGetValue("AccountKey", out var text))
        {
            key = Convert.FromBase64String(text);
        }

        return new StorageAccount(new Uri(endpoint.TrimEnd('/') + "/"), account ?? "", key, signature?.TrimStart('?'));
    }

    /// <summary>The address of a blob, each part of its name percent-encoded.</summary>
    internal string AddressOf(string container, string name) => $"{Endpoint.AbsoluteUri}{container}/{string.Join('/', name.Split('/').Select(Uri.EscapeDataString))}";

    /// <summary>Writes a block blob that must not be there yet.</summary>
    internal HttpRequestMessage Put(string container, string name, ReadOnlyMemory<byte> body)
    {
        var request = New(HttpMethod.Put, AddressOf(container, name));
        request.Content = new ReadOnlyMemoryContent(body);
        request.Headers.TryAddWithoutValidation("x-ms-blob-type", "BlockBlob");
        request.Headers.TryAddWithoutValidation("If-None-Match", "*");
        return Signed(request, body.Length);
    }

    /// <summary>Asks for the properties of a blob.</summary>
    internal HttpRequestMessage Head(string container, string name) => Signed(New(HttpMethod.Head, AddressOf(container, name)), 0);

    /// <summary>Asks for the properties of a container.</summary>
    internal HttpRequestMessage HeadContainer(string container) => Signed(New(HttpMethod.Head, $"{Endpoint.AbsoluteUri}{container}?restype=container"), 0);

    /// <summary>A token for one blob, as a query with a leading <c>?</c>. Needs the account's key.</summary>
    internal string Token(string container, string name, string permissions, DateTimeOffset expires)
    {
        var end = expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

        // Without TLS only where the operator has allowed such an account.
        var protocol = Endpoint.Scheme == Uri.UriSchemeHttps ? "https" : "https,http";

        // Empty fields: start, identifier, address, snapshot, encryption scope and the five headers of answers.
        var mac = Mac($"{permissions}\n\n{end}\n/blob/{Name}/{container}/{name}\n\n\n{protocol}\n{TokenVersion}\nb\n\n\n\n\n\n\n");
        return $"?sv={TokenVersion}&spr={Uri.EscapeDataString(protocol)}&se={Uri.EscapeDataString(end)}&sr=b&sp={permissions}&sig={Uri.EscapeDataString(mac)}";
    }

    private HttpRequestMessage New(HttpMethod method, string address)
    {
        var query = signature is null ? "" : $"{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{signature}";
        var request = new HttpRequestMessage(method, new Uri(address + query, Verbatim));
        request.Headers.TryAddWithoutValidation("x-ms-version", Version);
        return request;
    }

    private HttpRequestMessage Signed(HttpRequestMessage request, int length)
    {
        if (key is null)
        {
            return request;
        }

        request.Headers.TryAddWithoutValidation("x-ms-date", DateTimeOffset.UtcNow.ToString("R", CultureInfo.InvariantCulture));
        var headers = request.Headers.Where(header => header.Key.StartsWith("x-ms-", StringComparison.Ordinal)).OrderBy(header => header.Key, StringComparer.Ordinal);
        var text = string.Join(
            '\n',
            request.Method.Method,
            "", // Content-Encoding
            "", // Content-Language
            length == 0 ? "" : length.ToString(CultureInfo.InvariantCulture),
            "", // Content-MD5
            "", // Content-Type
            "", // Date
            "", // If-Modified-Since
            "", // If-Match
            request.Headers.IfNoneMatch.ToString(),
            "", // If-Unmodified-Since
            "", // Range
            string.Join('\n', headers.Select(header => $"{header.Key}:{header.Value.Single()}")),
            $"/{Name}{request.RequestUri!.AbsolutePath}{(request.RequestUri.Query.Length == 0 ? "" : "\nrestype:container")}");
        request.Headers.TryAddWithoutValidation("Authorization", $"SharedKey {Name}:{Mac(text)}");
        return request;
    }

    private string Mac(string text) => Convert.ToBase64String(HMACSHA256.HashData(key!, Encoding.UTF8.GetBytes(text)));
}
