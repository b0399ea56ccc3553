using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Gatehouse.Streams.Suite;

/// <summary>A real nats-server with JetStream, on a port and a folder of its own.</summary>
internal sealed class NatsServer : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly string[] more;
    private Process? process;

    private NatsServer(string[] more)
    {
        this.more = more;
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Port = ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    internal int Port { get; }

    internal string Url => $"nats://127.0.0.1:{Port}";

    internal static async Task<NatsServer> StartAsync(params string[] more)
    {
        var server = new NatsServer(more);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts on the same port and folder as before.</summary>
    internal async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo("nats-server", ["-js", "-sd", folder.Path, "-a", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), .. more]) { RedirectStandardError = true };
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Fail("nats-server is missing; install the Debian package nats-server.");
        }

        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Contains("Server is ready", StringComparison.Ordinal))
            {
                _ = process.StandardError.ReadToEndAsync();
                return;
            }
        }

        Assert.Fail("nats-server ended at once.");
    }

    /// <summary>SIGKILL: the server has no time to write anything.</summary>
    internal async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        folder.Dispose();
    }
}
