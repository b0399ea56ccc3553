using System.Diagnostics;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Identity.Tests.Tpm;

/// <summary>A TPM of its own in a folder of its own: swtpm, driven through tpm2-tools.</summary>
public sealed class SoftwareTpm : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-tpm-");
    private readonly Process process;
    private readonly int port;

    public SoftwareTpm()
    {
        for (var attempt = 1; ; attempt++)
        {
            port = ServerPort.Find(2);
            process = Process.Start(new ProcessStartInfo("swtpm",
            [
                "socket", "--tpm2", "--tpmstate", $"dir={folder.FullName}", "--server", $"type=tcp,port={port},bindaddr=127.0.0.1", "--ctrl", $"type=tcp,port={port + 1},bindaddr=127.0.0.1",
                "--flags", "not-need-init,startup-clear",
            ]))!;
            if (HasStarted())
            {
                return;
            }

            // Somebody else has taken one of the two ports meanwhile.
            Assert.True(attempt < 5, "swtpm does not start");
            process.Dispose();
        }
    }

    /// <summary>As clients name it.</summary>
    internal string Address => $"swtpm:host=127.0.0.1,port={port}";

    /// <summary>It serves one at a time: until this is disposed, no tool gets through.</summary>
    internal TpmWire Connect() => new(port);

    internal string File(string name) => Path.Combine(folder.FullName, name);

    internal bool Has(string name) => System.IO.File.Exists(File(name));

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
        var start = new ProcessStartInfo(tool, arguments) { WorkingDirectory = folder.FullName, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["TPM2TOOLS_TCTI"] = Address;
        using var run = Process.Start(start)!;
        var errors = run.StandardError.ReadToEndAsync();
        var output = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        Flush();
        return (run.ExitCode == 0, output + errors.Result);
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        folder.Delete(recursive: true);
    }

    /// <summary>Waits for the file with its seeds, which it writes when it has both ports; it ends when it does not get them.</summary>
    private bool HasStarted()
    {
        for (var started = Stopwatch.StartNew(); !process.HasExited; Thread.Sleep(5))
        {
            if (Has("tpm2-00.permall"))
            {
                return true;
            }

            Assert.True(started.Elapsed < Patience, "swtpm does not start");
        }

        return false;
    }

    // A software TPM has room for three loaded objects.
    private void Flush()
    {
        using var wire = Connect();
        for (uint handle = 0; handle < 3; handle++)
        {
            wire.Flush(0x80000000 + handle);
        }
    }
}
