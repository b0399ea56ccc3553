using System.Reflection;
using Gatehouse.Server.Configuration;
using Gatehouse.Server.Startup;

namespace Gatehouse.Server;

/// <summary>What the executable was asked for: one of the texts, or to serve. Exit codes: 0 done, 1 the server cannot run, 2 the settings are wrong.</summary>
internal static class CommandLine
{
    internal const int Done = 0;
    internal const int Failed = 1;
    internal const int Usage = 2;

    internal static string Version { get; } = typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        if (TextFor(arguments) is { } text)
        {
            await Console.Out.WriteAsync(text);
            return Done;
        }

        var options = new ServerOptions();
        var mistakes = SettingsReader.Read(arguments, Environment.GetEnvironmentVariables(), options);
        if (mistakes.Count > 0)
        {
            await Console.Error.WriteLineAsync(string.Join(Environment.NewLine, mistakes));
            return Usage;
        }

        try
        {
            await ServerProcess.RunAsync(options, CancellationToken.None);
            return Done;
        }
        catch (Exception error)
        {
            await Console.Error.WriteLineAsync("gatehouse: " + StartupProblem.InOneLine(error));
            return Failed;
        }
    }

    private static string? TextFor(IReadOnlyList<string> arguments) => arguments switch
    {
        _ when arguments.Contains("--help") || arguments.Contains("-h") => SettingsHelp.ForTerminal(),
        ["--help-markdown"] => SettingsHelp.ForDocumentation(),
        ["--version"] => $"gatehouse {Version}\n",
        _ => null,
    };
}
