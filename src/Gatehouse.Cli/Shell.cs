using System.CommandLine;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli;

/// <summary>What all commands share: the options that say which hub, and the way a command is made.</summary>
internal sealed class Shell(Surroundings surroundings, Terminal terminal)
{
    internal Surroundings Surroundings { get; } = surroundings;

    internal Terminal Terminal { get; } = terminal;

    internal Option<string?> Data { get; } = new("--data")
    {
        Description = "Data directory of a server on this machine; its connection.json says where the hub is. Default: GATEHOUSE_DATA, else the server's default.",
        HelpName = "directory",
        Recursive = true,
    };

    internal Option<string?> ConnectionString { get; } = new("--connection-string")
    {
        Description = "HostName=…;SharedAccessKeyName=…;SharedAccessKey=… of a policy; HostName may end in :port. Better in GATEHOUSE_CONNECTION_STRING: arguments are seen by all users.",
        HelpName = "text",
        Recursive = true,
    };

    internal Option<string?> CaFile { get; } = new("--ca-file")
    {
        Description = "PEM file of the only root to trust. Default: GATEHOUSE_CA_FILE, else that of connection.json, else the system's roots.",
        HelpName = "file",
        Recursive = true,
    };

    internal Option<bool> Json { get; } = new("--json") { Description = "Answer as JSON.", Recursive = true };

    internal IEnumerable<Option> GlobalOptions => [Data, ConnectionString, CaFile, Json];

    internal static HubCommand Group(string name, string description, params IEnumerable<Command> commands)
    {
        var group = new HubCommand(name, description);
        foreach (var command in commands)
        {
            group.Add(command);
        }

        return group;
    }

    /// <param name="name">Verb.</param>
    /// <param name="description">One sentence.</param>
    /// <param name="examples">Whole command lines.</param>
    /// <param name="symbols">Arguments in their order, and options.</param>
    /// <param name="run">The work; its result is the exit code.</param>
    internal HubCommand Command(string name, string description, IReadOnlyList<string> examples, IEnumerable<Symbol> symbols, Func<Call, Task<int>> run)
    {
        var command = new HubCommand(name, description) { Examples = examples };
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else
            {
                command.Add((Option)symbol);
            }
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var call = new Call(this, parsed, cancellationToken);
            return await run(call);
        });
        return command;
    }

    internal ConnectionSource Source(ParseResult parsed) => new()
    {
        ConnectionString = parsed.GetValue(ConnectionString),
        DataDirectory = parsed.GetValue(Data),
        CaFile = parsed.GetValue(CaFile),
        Environment = Surroundings.Environment,
    };
}
