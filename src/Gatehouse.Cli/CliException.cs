namespace Gatehouse.Cli;

/// <summary>The command cannot go on; the message is one line that says what happened, why, and what to do next.</summary>
internal class CliException(string message, int code = ExitCode.Refused, Exception? inner = null) : Exception(message, inner)
{
    internal int Code { get; } = code;

    /// <summary>The command line, or a file that it names, is wrong.</summary>
    internal static CliException Usage(string message, Exception? inner = null) => new(message, ExitCode.Usage, inner);
}
