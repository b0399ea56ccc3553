using Gatehouse.Cli.Output;

namespace Gatehouse.Cli;

/// <summary>What a command may touch of the process it runs in, so that tests can put their own in its place.</summary>
internal sealed record Surroundings
{
    /// <summary>Results, and nothing else: what a script reads.</summary>
    internal required TextWriter Output { get; init; }

    /// <summary>Errors, notes and progress.</summary>
    internal required TextWriter Error { get; init; }

    internal TextReader Input { get; init; } = TextReader.Null;

    /// <summary>Value of an environment variable; null when unset.</summary>
    internal Func<string, string?> Environment { get; init; } = _ => null;

    internal bool IsOutputTerminal { get; init; }

    internal bool IsErrorTerminal { get; init; }

    internal static Surroundings OfProcess() => new()
    {
        Output = (TextWriter?)OutputPipe.TryOpen() ?? Console.Out,
        Error = Console.Error,
        Input = Console.In,
        Environment = System.Environment.GetEnvironmentVariable,
        IsOutputTerminal = !Console.IsOutputRedirected,
        IsErrorTerminal = !Console.IsErrorRedirected,
    };
}
