using System.CommandLine;
using System.Reflection;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli;

/// <summary>The command line: parses, runs one command, and turns whatever ends it into an exit code and at most one line on the error stream.</summary>
internal static class Cli
{
    // Device ids may begin with '@': no argument is the name of a file to read arguments from. "-abc" is never three options.
    private static readonly ParserConfiguration Grammar = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    internal static string Version { get; } = typeof(Cli).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    internal static Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter error, CancellationToken cancellationToken) =>
        RunAsync(arguments, new Surroundings { Output = output, Error = error }, cancellationToken);

    internal static async Task<int> RunAsync(IReadOnlyList<string> arguments, Surroundings surroundings, CancellationToken cancellationToken)
    {
        var terminal = new Terminal(surroundings);
        try
        {
            var parsed = CommandTree.Build(surroundings, terminal).Parse(arguments.Count == 0 ? ["--help"] : arguments, Grammar);
            if (parsed.Errors.Count > 0 && parsed.Action?.ClearsParseErrors != true)
            {
                // "A command is missing" adds nothing where a word was not understood.
                var unknown = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
                var mistake = parsed.Errors.FirstOrDefault(error => unknown is not null && error.Message.Contains(unknown, StringComparison.Ordinal)) ?? parsed.Errors[0];
                throw CliException.Usage($"{mistake.Message} See '{HelpText.Path(parsed.CommandResult)} --help'.");
            }

            var invocation = new InvocationConfiguration { Output = surroundings.Output, Error = surroundings.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (CliException problem)
        {
            terminal.Problem(problem.Message);
            return problem.Code;
        }
        catch (ReaderGoneException)
        {
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            terminal.Problem("stopped before it was done.");
            return ExitCode.Refused;
        }
        catch (Exception unforeseen)
        {
            terminal.Problem($"an unforeseen error ended the command: {unforeseen.GetType().Name}: {unforeseen.Message}");
            return ExitCode.Refused;
        }
    }
}
