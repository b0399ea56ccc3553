using System.Collections.Concurrent;
using System.Net;
using Gatehouse.Sinks.Tests;

namespace Gatehouse.Hub.Tests.Files;

/// <summary>A web server that answers like a storage account what it is asked about containers and blobs. Whether signatures fit is shown with Azurite (conformance/14-files).</summary>
internal sealed class AccountServer : IDisposable
{
    internal const string Key = "bm90IGEga2V5IG9mIGFueWJvZHk=";

    private readonly LoopbackServer server;

    internal AccountServer() => server = new LoopbackServer(call =>
    {
        Answer(call);
        return Task.CompletedTask;
    });

    internal string Host => server.Host;

    internal string ConnectionString => $"DefaultEndpointsProtocol=http;AccountName=acct;AccountKey={Key};BlobEndpoint=http://{Host}/acct;";

    /// <summary>Size and time of each blob by its path.</summary>
    internal ConcurrentDictionary<string, (long Size, DateTimeOffset Changed)> Blobs { get; } = new();

    internal ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>503 to everything.</summary>
    internal bool IsDown { get; set; }

    public void Dispose() => server.Dispose();

    private void Answer(HttpListenerContext context)
    {
        var (request, response) = (context.Request, context.Response);
        Asked.Enqueue($"{request.HttpMethod} {request.RawUrl}");
        response.AddHeader("x-ms-request-id", "1");
        if (IsDown || !(request.Headers["Authorization"] ?? "").StartsWith("SharedKey acct:", StringComparison.Ordinal))
        {
            response.StatusCode = IsDown ? 503 : 403;
            response.AddHeader("x-ms-error-code", IsDown ? "ServerBusy" : "AuthenticationFailed");
        }
        else if (request.RawUrl == "/acct/box?restype=container")
        {
            response.StatusCode = 200;
        }
        else if (Blobs.TryGetValue(request.RawUrl!, out var blob))
        {
            response.AddHeader("Last-Modified", blob.Changed.ToString("R"));
            response.ContentLength64 = blob.Size;
        }
        else
        {
            response.StatusCode = 404;
            response.AddHeader("x-ms-error-code", request.RawUrl!.StartsWith("/acct/box/", StringComparison.Ordinal) ? "BlobNotFound" : "ContainerNotFound");
        }
    }
}
