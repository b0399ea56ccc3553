using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Sinks.Outbound;

namespace Gatehouse.Sinks.Blobs;

/// <summary>A storage container whose address bears its token: reads a blob from any place on, writes one block by block. Addresses are judged as those of endpoints.</summary>
/// <remarks>
/// Source: Azure Storage REST reference: Get Blob Properties, Get Blob, Put Block, Put Block List. What the far end says is never passed on, only its status and error code.
/// Errors: ServiceUnavailable when it may work later, BlobContainerValidationError when it will not.
/// </remarks>
public sealed class BlobContainer : IDisposable
{
    private const string Version = "2020-12-06";
    private const int MaxCodeLength = 64;

    private readonly Uri container;
    private readonly SinkOptions options;
    private readonly HttpClient http;

    /// <param name="address">What <see cref="Check"/> found nothing wrong with.</param>
    /// <param name="options">Who may be called, and how long it may take.</param>
    public BlobContainer(string address, SinkOptions options)
    {
        container = new Uri(address);
        this.options = options;
        http = new HttpClient(OutboundHttp.NewHandler(options)) { Timeout = options.Timeout };
    }

    /// <summary>Longest address. Characters.</summary>
    public const int MaxAddressLength = 2000;

    /// <summary>What is wrong with the address of a container, in words; null when nothing is.</summary>
    public static string? Check(string? address, SinkOptions options)
    {
        // Uri overlooks some of what it cannot hold; whoever keeps an address keeps what was checked.
        if (address is not { Length: > 0 and <= MaxAddressLength } || address.Any(each => char.IsControl(each) || char.IsWhiteSpace(each)) || !Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.Host.Length == 0
            || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0 || uri.AbsolutePath.Trim('/').Length == 0)
        {
            return $"must be the https address of a container, of at most {MaxAddressLength} characters, without blanks, user or fragment.";
        }

        return uri.Scheme == "http" && !options.AllowPrivateAddresses ? "is taken without TLS only where private addresses are allowed (--private-endpoints)."
            : uri.Query.Contains("sig=", StringComparison.Ordinal) ? null
            : "must bear a shared access signature.";
    }

    /// <summary>How long a blob is, and its version.</summary>
    public async Task<Result<BlobHead>> FindAsync(string blob, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Head, blob);
        var answer = await SendAsync(request, cancellationToken);
        if (!answer.IsOk)
        {
            return answer.Error;
        }

        using var response = answer.Value;
        return response.Content.Headers.ContentLength is { } length && response.Headers.ETag is { } etag
            ? new BlobHead(length, etag.ToString())
            : HubErrors.BlobContainerValidationError.With("The storage service says neither how long the blob is nor which version it has.");
    }

    /// <summary>The blob's bytes from a place on, as long as it is still of this version. The caller disposes the stream.</summary>
    public async Task<Result<Stream>> OpenAsync(string blob, string etag, long from, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, blob);
        request.Headers.TryAddWithoutValidation("If-Match", etag);
        request.Headers.Range = new RangeHeaderValue(from, null);
        var answer = await SendAsync(request, cancellationToken);
        if (!answer.IsOk)
        {
            return answer.Error;
        }

        if (from > 0 && answer.Value.StatusCode != HttpStatusCode.PartialContent)
        {
            answer.Value.Dispose();
            return HubErrors.BlobContainerValidationError.With("The storage service does not read a blob from a place on.");
        }

        return new ResponseStream(answer.Value, await answer.Value.Content.ReadAsStreamAsync(cancellationToken), options.Timeout);
    }

    /// <summary>Sends one block; it is part of no blob until <see cref="PutBlockListAsync"/>.</summary>
    /// <param name="blob">Blob.</param>
    /// <param name="number">From 0; sent again it is replaced.</param>
    /// <param name="bytes">At least one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<HubError?> PutBlockAsync(string blob, int number, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Put, blob, $"comp=block&blockid={Uri.EscapeDataString(BlockId(number))}");
        request.Content = new ReadOnlyMemoryContent(bytes);
        return await PutAsync(request, cancellationToken);
    }

    /// <summary>Makes the blob of its first blocks; what was there before is replaced.</summary>
    public async Task<HubError?> PutBlockListAsync(string blob, int blocks, CancellationToken cancellationToken)
    {
        var list = new StringBuilder("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
        for (var i = 0; i < blocks; i++)
        {
            list.Append(CultureInfo.InvariantCulture, $"<Uncommitted>{BlockId(i)}</Uncommitted>");
        }

        using var request = Request(HttpMethod.Put, blob, "comp=blocklist");
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(list.Append("</BlockList>").ToString()));
        request.Headers.TryAddWithoutValidation("x-ms-blob-content-type", "text/plain; charset=utf-8");
        return await PutAsync(request, cancellationToken);
    }

    public void Dispose() => http.Dispose();

    // All ids of a blob have one length.
    private static string BlockId(int number) => Convert.ToBase64String(Encoding.ASCII.GetBytes(number.ToString("000000", CultureInfo.InvariantCulture)));

    private HttpRequestMessage Request(HttpMethod method, string blob, string query = "")
    {
        var path = $"{container.AbsolutePath.TrimEnd('/')}/{string.Join('/', blob.Split('/').Select(Uri.EscapeDataString))}";
        var address = $"{container.GetLeftPart(UriPartial.Authority)}{path}{container.Query}{(query.Length == 0 ? "" : "&" + query)}";
        var request = new HttpRequestMessage(method, address);
        request.Headers.TryAddWithoutValidation("x-ms-version", Version);
        return request;
    }

    private async Task<HubError?> PutAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(request, cancellationToken);
        if (!answer.IsOk)
        {
            return answer.Error;
        }

        answer.Value.Dispose();
        return null;
    }

    private async Task<Result<HttpResponseMessage>> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            using (answer)
            {
                return Refused(answer);
            }
        }
        catch (HttpRequestException error) when (error.InnerException is OutboundRefusedException refused)
        {
            return HubErrors.BlobContainerValidationError.With(refused.Message);
        }
        catch (HttpRequestException)
        {
            return HubErrors.ServiceUnavailable.With("The storage service cannot be reached.");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HubErrors.ServiceUnavailable.With("The storage service did not answer in time.");
        }
    }

    private static HubError Refused(HttpResponseMessage answer)
    {
        var code = answer.Headers.TryGetValues("x-ms-error-code", out var codes) ? codes.First() : "";
        var words = code.Length is > 0 and <= MaxCodeLength && code.All(char.IsAsciiLetterOrDigit) ? $"{(int)answer.StatusCode} {code}" : $"{(int)answer.StatusCode}";
        var isTransient = answer.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)answer.StatusCode >= 500;
        return (isTransient ? HubErrors.ServiceUnavailable : HubErrors.BlobContainerValidationError).With($"The storage service answered {words}.");
    }
}

/// <param name="Length">Bytes.</param>
/// <param name="ETag">As sent, with its quotes.</param>
public sealed record BlobHead(long Length, string ETag);
