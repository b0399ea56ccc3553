using System.Diagnostics;
using System.Net.Sockets;
using Xunit;

namespace Gatehouse.Keys.Tests;

/// <summary>A TPM of its own: swtpm behind a Unix socket, which can be taken away, put back, and cleared.</summary>
internal sealed class Swtpm : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-tpm-");
    private Process? process;

    internal Swtpm() => PutBack();

    internal string Uri => $"tpm:swtpm:path={Socket}";

    internal KeyStoreAddress Address => SoftHsm.Token.Parse(Uri);

    private string Socket => Path.Combine(folder.FullName, "socket");

    internal void PutBack()
    {
        var start = new ProcessStartInfo("swtpm",
        [
            "socket", "--tpm2", "--tpmstate", $"dir={folder.FullName}", "--server", $"type=unixio,path={Socket}", "--ctrl", $"type=unixio,path={Socket}.ctrl", "--flags", "not-need-init",
        ]) { RedirectStandardError = true };
        process = Process.Start(start)!;

        // It says of each conversation that it has ended.
        process.BeginErrorReadLine();
        var started = Stopwatch.StartNew();
        while (!Answers())
        {
            Assert.True(started.Elapsed < Patience && !process.HasExited, "swtpm does not answer");
            Thread.Sleep(20);
        }
    }

    internal void PullOut()
    {
        process!.Kill();
        process.WaitForExit();
        process.Dispose();
        process = null;
        File.Delete(Socket);
    }

    /// <summary>Another TPM at the same place, as after TPM2_Clear: its owner seed is new.</summary>
    internal void Clear()
    {
        PullOut();
        foreach (var state in folder.GetFiles("*permall*"))
        {
            state.Delete();
        }

        PutBack();
    }

    /// <summary>It answers no more, and nobody is told.</summary>
    internal void Freeze() => Signal("STOP");

    internal void Thaw() => Signal("CONT");

    public void Dispose()
    {
        if (process is not null)
        {
            PullOut();
        }

        folder.Delete(recursive: true);
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process!.Id}"]);
        kill.WaitForExit();
    }

    private bool Answers()
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(Socket));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
