using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Streams.Suite;

/// <summary>A real nats-server with JetStream, on a port and a folder of its own.</summary>
internal sealed class NatsServer : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly string[] more;
    private Process? process;

    private NatsServer(string[] more) => this.more = more;

    internal int Port { get; private set; } = ServerPort.Find();

    internal string Url => $"nats://127.0.0.1:{Port}";

    internal static async Task<NatsServer> StartAsync(params string[] more)
    {
        var server = new NatsServer(more);
        for (var attempt = 1; !await server.TryStartAsync(); attempt++)
        {
            Assert.True(attempt < 5, "nats-server ended at once.");
            server.Port = ServerPort.Find();
        }

        return server;
    }

    /// <summary>Starts on the same port and folder as before.</summary>
    internal async Task StartAgainAsync() => Assert.True(await TryStartAsync(), "nats-server ended at once.");

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

    private async Task<bool> TryStartAsync()
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
                return true;
            }
        }

        process.Dispose();
        return false;
    }
}
