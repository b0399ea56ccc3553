using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Gatehouse.Sinks.Tests;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>A webhook that remembers what it took, and answers as it is told.</summary>
internal sealed class HookServer : IDisposable
{
    private readonly LoopbackServer server;
    private readonly List<JsonElement> taken = [];

    internal HookServer() => server = new LoopbackServer(TakeAsync);

    internal string Url => $"http://{server.Host}/hook";

    /// <summary>Status for a body.</summary>
    internal Func<string, int> Answer { get; set; } = _ => 200;

    internal ConcurrentQueue<(string Body, string Signature)> Calls { get; } = new();

    /// <summary>Events of the calls that were answered with 200, in order.</summary>
    internal IReadOnlyList<JsonElement> Taken
    {
        get
        {
            lock (taken)
            {
                return [.. taken];
            }
        }
    }

    public void Dispose() => server.Dispose();

    private async Task TakeAsync(HttpListenerContext call)
    {
        using var reader = new StreamReader(call.Request.InputStream);
        var body = await reader.ReadToEndAsync();
        Calls.Enqueue((body, call.Request.Headers["Gatehouse-Signature"] ?? ""));
        var status = Answer(body);
        if (status == 200)
        {
            lock (taken)
            {
                taken.AddRange(JsonElement.Parse(body).EnumerateArray());
            }
        }

        call.Response.StatusCode = status;
    }
}
