using System.Diagnostics;
using Xunit;

namespace Gatehouse.Keys.Tests;

/// <summary>SoftHSM with a directory of its own for tokens. Programs that are started from here find it.</summary>
public sealed class SoftHsm : IDisposable
{
    internal const string Library = "/usr/lib/softhsm/libsofthsm2.so";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-hsm-");
    private int made;

    public SoftHsm()
    {
        folder.CreateSubdirectory("tokens");
        Configure(Configuration, "tokens");
        Environment.SetEnvironmentVariable("SOFTHSM2_CONF", Configuration);
    }

    internal string Configuration => Path.Combine(folder.FullName, "softhsm2.conf");

    /// <summary>Makes a token with a PIN of its own. It is made apart and moved in whole: the tool looks at every token that it sees, and others may go and come meanwhile.</summary>
    internal Token NewToken()
    {
        var number = Interlocked.Increment(ref made);
        var apart = folder.CreateSubdirectory($"apart {number}");
        var configuration = Path.Combine(folder.FullName, $"apart {number}.conf");
        Configure(configuration, apart.Name);
        Run(configuration, "softhsm2-util", "--init-token", "--free", "--label", $"token {number}", "--so-pin", "87654321", "--pin", "1234");
        var token = apart.GetDirectories().Single();
        var place = Path.Combine(folder.FullName, "tokens", token.Name);
        token.MoveTo(place);
        return new Token(this, $"token {number}", place);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private void Configure(string path, string tokens) => File.WriteAllText(path, $"directories.tokendir = {Path.Combine(folder.FullName, tokens)}\nobjectstore.backend = file\nlog.level = ERROR\n");

    private static void Run(string configuration, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SOFTHSM2_CONF"] = configuration;
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
