using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Sinks.Blobs;

/// <summary>Makes signed Put Blob requests for a storage account: by its key, or with a shared access signature.</summary>
/// <remarks>Source: Azure Storage REST reference, "Put Blob" and "Authorize with Shared Key". One operation is all that is needed: no client library for it.</remarks>
internal sealed class StorageAccount
{
    private const string Version = "2021-08-06";

    private readonly Uri endpoint;
    private readonly string account;
    private readonly byte[]? key;
    private readonly string? signature;

    private StorageAccount(Uri endpoint, string account, byte[]? key, string? signature) =>
        (this.endpoint, this.account, this.key, this.signature) = (endpoint, account, key, signature);

    /// <summary>A connection string that <see cref="BlobTarget.Check"/> took.</summary>
    internal static StorageAccount Parse(string connectionString)
    {
        var parts = ConnectionText.Parse(connectionString)!;
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

    /// <summary>Writes a block blob that must not be there yet.</summary>
    internal HttpRequestMessage Put(string container, string name, byte[] body)
    {
        var path = $"{container}/{string.Join('/', name.Split('/').Select(Uri.EscapeDataString))}";
        var address = new Uri(endpoint, path).AbsoluteUri + (signature is null ? "" : "?" + signature);
        var request = new HttpRequestMessage(HttpMethod.Put, address) { Content = new ByteArrayContent(body) };
        request.Headers.TryAddWithoutValidation("x-ms-blob-type", "BlockBlob");
        request.Headers.TryAddWithoutValidation("x-ms-version", Version);
        request.Headers.TryAddWithoutValidation("If-None-Match", "*");
        if (key is not null)
        {
            Sign(request, body.Length);
        }

        return request;
    }

    private void Sign(HttpRequestMessage request, int length)
    {
        var date = DateTimeOffset.UtcNow.ToString("R", CultureInfo.InvariantCulture);
        request.Headers.TryAddWithoutValidation("x-ms-date", date);
        var text = string.Join(
            '\n',
            "PUT",
            "", // Content-Encoding
            "", // Content-Language
            length == 0 ? "" : length.ToString(CultureInfo.InvariantCulture),
            "", // Content-MD5
            "", // Content-Type
            "", // Date
            "", // If-Modified-Since
            "", // If-Match
            "*", // If-None-Match
            "", // If-Unmodified-Since
            "", // Range
            "x-ms-blob-type:BlockBlob",
            $"x-ms-date:{date}",
            $"x-ms-version:{Version}",
            $"/{account}{request.RequestUri!.AbsolutePath}");
        var mac = Convert.ToBase64String(HMACSHA256.HashData(key!, Encoding.UTF8.GetBytes(text)));
        request.Headers.TryAddWithoutValidation("Authorization", $"SharedKey {account}:{mac}");
    }
}
