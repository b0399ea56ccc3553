using System.Diagnostics;
using Xunit;

namespace Gatehouse.Keys.Tests;

/// <summary>SoftHSM with a directory of its own for tokens. Programs that are started from here find it.</summary>
public sealed class SoftHsm : IDisposable
{
    internal const string Library = "/usr/lib/softhsm/libsofthsm2.so";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-hsm-");
    private readonly Lock making = new();
    private int made;

    public SoftHsm()
    {
        folder.CreateSubdirectory("tokens");
        File.WriteAllText(Configuration, $"directories.tokendir = {folder.FullName}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n");
        Environment.SetEnvironmentVariable("SOFTHSM2_CONF", Configuration);
    }

    internal string Configuration => Path.Combine(folder.FullName, "softhsm2.conf");

    /// <summary>Makes a token with a PIN of its own.</summary>
    internal Token NewToken()
    {
        lock (making)
        {
            var label = $"token {++made}";
            var before = Directory.GetDirectories(Path.Combine(folder.FullName, "tokens")).ToHashSet();
            Run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "87654321", "--pin", "1234");
            return new Token(this, label, Directory.GetDirectories(Path.Combine(folder.FullName, "tokens")).Single(path => !before.Contains(path)));
        }
    }

    public void Dispose() => folder.Delete(recursive: true);

    private void Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SOFTHSM2_CONF"] = Configuration;
        using var run = Process.Start(start)!;
        var errors = run.StandardError.ReadToEndAsync();
        var output = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        Assert.True(run.ExitCode == 0, $"{program}: {output}{errors.Result}");
    }

    /// <summary>One token: its PIN's file lies beside all tokens, the token itself is a directory.</summary>
    internal sealed class Token(SoftHsm hsm, string label, string directory)
    {
        internal string Label => label;

        internal string Uri => $"pkcs11:token={System.Uri.EscapeDataString(label)}?module-path={Library}&pin-source={PinFile}";

        internal string PinFile { get; } = WriteOwn(Path.Combine(hsm.folder.FullName, Path.GetFileName(directory) + ".pin"), "1234\n");

        internal KeyStoreAddress Address => Parse(Uri);

        internal void PullOut() => Directory.Move(directory, Away);

        internal void PutBack() => Directory.Move(Away, directory);

        /// <summary>Removes all keys, as an administrator might.</summary>
        internal void Empty()
        {
            foreach (var file in Directory.GetFiles(directory, "*.object").Where(file => Path.GetFileName(file) != "token.object"))
            {
                File.Delete(file);
            }
        }

        internal static KeyStoreAddress Parse(string text)
        {
            Assert.Null(KeyStoreAddress.TryParse(text, out var address));
            return address;
        }

        internal static string WriteOwn(string path, string content)
        {
            File.WriteAllText(path, content);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            return path;
        }

        private string Away => Path.Combine(hsm.folder.FullName, Path.GetFileName(directory));
    }
}
