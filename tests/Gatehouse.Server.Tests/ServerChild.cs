using System.Diagnostics;

namespace Gatehouse.Server.Tests;

/// <summary>The built server as a child process.</summary>
internal sealed class ServerChild : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> errors;

    private ServerChild(Process process)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
        errors = process.StandardError.ReadToEndAsync();
    }

    internal int Id => process.Id;

    internal bool HasExited => process.HasExited;

    internal static ServerChild Start(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "gatehouse-server"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GATEHOUSE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        return new ServerChild(Process.Start(start)!);
    }

    /// <summary>Runs to the end: for starts that are refused and for texts.</summary>
    internal static async Task<Ended> RunAsync(params IEnumerable<string> arguments)
    {
        using var child = Start(arguments);
        return await child.WaitAsync();
    }

    internal Task<Ended> TerminateAsync() => SignalAsync("TERM");

    internal Task<Ended> KillAsync() => SignalAsync("KILL");

    internal async Task<Ended> WaitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Patience);
        return new Ended(process.ExitCode, await output, await errors);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }

    private async Task<Ended> SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, process.Id.ToString()]);
        await kill.WaitForExitAsync();
        return await WaitAsync();
    }

    internal sealed record Ended(int ExitCode, string Output, string Errors);
}
