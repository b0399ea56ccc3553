using System.Net;
using Gatehouse.Sinks.Outbound;

namespace Gatehouse.Sinks.Blobs;

/// <summary>Asks storage accounts about containers and single blobs; one pool of connections for all of them.</summary>
public sealed class BlobLookups : IDisposable
{
    // Many devices finish at once.
    private const int MaxConnections = 16;

    private readonly HttpClient http;

    public BlobLookups(SinkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var handler = OutboundHttp.NewHandler(options);
        handler.MaxConnectionsPerServer = MaxConnections;
        http = new HttpClient(handler) { Timeout = options.Timeout };
    }

    /// <summary>Why the container cannot be used, in one sentence without secrets; null when it can.</summary>
    public async Task<string?> TestAsync(UploadContainer container, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(container);
        using var request = container.Ask();
        return (await AskAsync(request, cancellationToken)).Problem;
    }

    public async Task<BlobLookup> FindAsync(UploadContainer container, string blob, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(container);
        using var request = container.AskFor(blob);
        return await AskAsync(request, cancellationToken);
    }

    public void Dispose() => http.Dispose();

    private async Task<BlobLookup> AskAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var code = answer.Headers.TryGetValues("x-ms-error-code", out var codes) ? codes.First() : "";
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => new BlobLookup(null, answer.Content.Headers.ContentLength ?? 0, answer.Content.Headers.LastModified ?? default),
                HttpStatusCode.NotFound when code is "BlobNotFound" => new BlobLookup(null, null, default),
                _ => BlobLookup.Failed($"The storage account answered {(int)answer.StatusCode} {Cut(code)}."),
            };
        }
        catch (HttpRequestException error)
        {
            return BlobLookup.Failed($"The storage account cannot be reached: {(error.InnerException ?? error).Message}");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return BlobLookup.Failed("The storage account did not answer in time.");
        }
    }

    private static string Cut(string code) => code.Length <= 64 ? code : code[..64];
}
