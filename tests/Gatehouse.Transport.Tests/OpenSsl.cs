using System.Diagnostics;
using Xunit;

namespace Gatehouse.Transport.Tests;

/// <summary>OpenSSL's command, a client that is not ours.</summary>
internal static class OpenSsl
{
    /// <summary>Runs it without input, and expects it to fail.</summary>
    public static async Task RefusedAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("openssl", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode != 0, await output + await errors);
    }
}
