using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>A webhook that remembers what it took, and answers as it is told.</summary>
internal sealed class HookServer : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly Task loop;

    internal HookServer()
    {
        using (var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        listener.Start();
        loop = RunAsync();
    }

    internal int Port { get; }

    internal string Url => $"http://127.0.0.1:{Port}/hook";

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

    private readonly List<JsonElement> taken = [];

    public void Dispose()
    {
        listener.Close();
        loop.Wait(TimeSpan.FromSeconds(5));
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var call = await listener.GetContextAsync();
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
                call.Response.Close();
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }
}
