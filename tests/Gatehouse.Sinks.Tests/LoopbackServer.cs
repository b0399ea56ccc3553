using System.Net;
using Gatehouse.Store.Suite;

namespace Gatehouse.Sinks.Tests;

/// <summary>A web server on a free port of loopback, which answers one request after another as it is told. Whoever answers need not close the response.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private const int MaxPorts = 10;

    private readonly HttpListener listener;
    private readonly Func<HttpListenerContext, Task> answer;
    private readonly Task loop;

    internal LoopbackServer(Func<HttpListenerContext, Task> answer)
    {
        this.answer = answer;
        (listener, Host) = Listen();
        loop = RunAsync();
    }

    /// <summary>Address and port.</summary>
    internal string Host { get; }

    public void Dispose()
    {
        listener.Close();
        loop.Wait(TimeSpan.FromSeconds(5));
    }

    private static (HttpListener Listener, string Host) Listen()
    {
        for (var attempt = 1; ; attempt++)
        {
            var host = $"127.0.0.1:{ServerPort.Find()}";
            var listener = new HttpListener { Prefixes = { $"http://{host}/" } };
            try
            {
                listener.Start();
                return (listener, host);
            }
            catch (HttpListenerException) when (attempt < MaxPorts)
            {
                // Somebody else has taken the port.
            }
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            HttpListenerContext call;
            try
            {
                call = await listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                // Closed.
                return;
            }

            try
            {
                await answer(call);
                call.Response.Close();
            }
            catch (Exception error) when (error is HttpListenerException or InvalidOperationException or IOException)
            {
                // The client left, or not all of what was announced was sent.
                call.Response.Abort();
            }
        }
    }
}
