using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Xml.Linq;
using Gatehouse.Sinks.Tests;

namespace Gatehouse.Hub.Tests.ImportExport;

/// <summary>A storage container in memory: the few operations that imports and exports use, with the answers of a storage service (judged against Azurite in the conformance scenarios).</summary>
internal sealed class ContainerServer : IDisposable
{
    private readonly LoopbackServer server;
    private readonly ConcurrentDictionary<string, byte[]> blocks = new();
    private int version;

    internal ContainerServer() => server = new LoopbackServer(TakeAsync);

    internal string Url => $"http://{server.Host}/account/box?sv=2020-12-06&sig=good";

    internal ConcurrentDictionary<string, byte[]> Blobs { get; } = new();

    /// <summary>Status to answer with instead of doing what is asked; 0 for doing it.</summary>
    internal Func<HttpListenerRequest, int> Refuse { get; set; } = _ => 0;

    internal ConcurrentQueue<string> Calls { get; } = new();

    internal void Change(string blob, string text)
    {
        Blobs[blob] = System.Text.Encoding.UTF8.GetBytes(text);
        version++;
    }

    internal string Text(string blob) => System.Text.Encoding.UTF8.GetString(Blobs[blob]);

    public void Dispose() => server.Dispose();

    private async Task TakeAsync(HttpListenerContext call)
    {
        Calls.Enqueue($"{call.Request.HttpMethod} {call.Request.Url!.AbsolutePath} {call.Request.QueryString["comp"]}".TrimEnd());
        var status = Refuse(call.Request);
        if (status == 0)
        {
            status = call.Request.QueryString["sig"] == "good" ? await AnswerAsync(call) : 403;
        }

        if (status >= 400)
        {
            call.Response.Headers["x-ms-error-code"] = status == 403 ? "AuthenticationFailed" : status == 404 ? "BlobNotFound" : "Other";
        }

        if (call.Response.StatusCode != status)
        {
            call.Response.StatusCode = status;
        }
    }

    private async Task<int> AnswerAsync(HttpListenerContext call)
    {
        var name = Uri.UnescapeDataString(call.Request.Url!.AbsolutePath)["/account/box/".Length..];
        switch (call.Request.HttpMethod, call.Request.QueryString["comp"])
        {
            case ("PUT", "block"):
                using (var body = new MemoryStream())
                {
                    await call.Request.InputStream.CopyToAsync(body);
                    blocks[$"{name} {call.Request.QueryString["blockid"]}"] = body.ToArray();
                }

                return 201;
            case ("PUT", "blocklist"):
                var ids = XDocument.Load(call.Request.InputStream).Root!.Elements("Uncommitted").Select(each => each.Value);
                Blobs[name] = [.. ids.SelectMany(id => blocks[$"{name} {id}"])];
                return 201;
            case ("HEAD" or "GET", _):
                if (!Blobs.TryGetValue(name, out var blob))
                {
                    return 404;
                }

                return await SendAsync(call, blob);
            default:
                return 400;
        }
    }

    private async Task<int> SendAsync(HttpListenerContext call, byte[] blob)
    {
        var etag = string.Create(CultureInfo.InvariantCulture, $"\"0x{version}\"");
        call.Response.Headers["ETag"] = etag;
        if (call.Request.Headers["If-Match"] is { } wanted && wanted != etag)
        {
            return 412;
        }

        var from = call.Request.Headers["Range"] is { } range ? int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture) : 0;
        call.Response.StatusCode = from > 0 ? 206 : 200;
        call.Response.ContentLength64 = blob.Length - from;
        if (call.Request.HttpMethod == "GET")
        {
            await call.Response.OutputStream.WriteAsync(blob.AsMemory(from));
        }

        return call.Response.StatusCode;
    }
}
