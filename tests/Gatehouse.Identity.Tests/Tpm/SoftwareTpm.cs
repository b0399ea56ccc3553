using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Gatehouse.Identity.Tests.Tpm;

/// <summary>A TPM of its own in a folder of its own: swtpm, driven through tpm2-tools.</summary>
public sealed class SoftwareTpm : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-tpm-");
    private readonly Process process;
    private readonly int port;

    public SoftwareTpm()
    {
        port = FreePair();
        process = Process.Start(new ProcessStartInfo("swtpm",
        [
            "socket", "--tpm2", "--tpmstate", $"dir={folder.FullName}", "--server", $"type=tcp,port={port},bindaddr=127.0.0.1", "--ctrl", $"type=tcp,port={port + 1},bindaddr=127.0.0.1",
            "--flags", "not-need-init,startup-clear",
        ]))!;
        var started = Stopwatch.StartNew();
        while (!TryRun("tpm2_getrandom", "4").IsDone)
        {
            Assert.True(started.Elapsed < Patience && !process.HasExited, "swtpm does not answer");
            Thread.Sleep(20);
        }
    }

    /// <summary>As clients name it.</summary>
    internal string Address => $"swtpm:host=127.0.0.1,port={port}";

    internal string File(string name) => Path.Combine(folder.FullName, name);

    internal byte[] Read(string name) => System.IO.File.ReadAllBytes(File(name));

    internal void Write(string name, ReadOnlySpan<byte> bytes) => System.IO.File.WriteAllBytes(File(name), bytes);

    /// <summary>Runs one of tpm2-tools, which must succeed; then frees what it left loaded, as there is no resource manager.</summary>
    internal string Run(string tool, params string[] arguments)
    {
        var (isDone, words) = TryRun(tool, arguments);
        Assert.True(isDone, $"{tool} {string.Join(' ', arguments)}: {words}");
        return words;
    }

    internal (bool IsDone, string Words) TryRun(string tool, params string[] arguments)
    {
        var result = Start(tool, arguments);
        if (tool != "tpm2_getrandom")
        {
            Start("tpm2_flushcontext", ["--transient-object"]);
        }

        return result;
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        folder.Delete(recursive: true);
    }

    private (bool IsDone, string Words) Start(string tool, string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { WorkingDirectory = folder.FullName, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["TPM2TOOLS_TCTI"] = Address;
        using var run = Process.Start(start)!;
        var errors = run.StandardError.ReadToEndAsync();
        var output = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        return (run.ExitCode == 0, output + errors.Result);
    }

    private static int FreePair()
    {
        while (true)
        {
            using var first = new TcpListener(IPAddress.Loopback, 0);
            first.Start();
            var port = ((IPEndPoint)first.LocalEndpoint).Port;
            try
            {
                using var second = new TcpListener(IPAddress.Loopback, port + 1);
                second.Start();
                return port;
            }
            catch (SocketException)
            {
                // The port beside it is taken: another pair.
            }
        }
    }
}
