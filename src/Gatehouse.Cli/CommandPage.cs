using System.CommandLine;
using System.Text;

namespace Gatehouse.Cli;

/// <summary>docs/cli.md, printed from the command tree (<c>gatehouse --help-markdown</c>); a test keeps the page equal to it.</summary>
internal static class CommandPage
{
    /// <summary>Every command that does something, with the words that lead to it.</summary>
    internal static IEnumerable<(string Path, Command Command)> Leaves(Command command, string? path = null)
    {
        path ??= command.Name;
        return command.Subcommands.Count == 0 ? [(path, command)] : command.Subcommands.SelectMany(each => Leaves(each, $"{path} {each.Name}"));
    }

    internal static string Text(Command root)
    {
        var text = new StringBuilder("""
            # Command line

            Printed from the command tree; a test keeps this page equal to it (`gatehouse --help-markdown > docs/cli.md` renews it).
            `--help` after any command shows its arguments, options and examples.

            **Which hub.** `--connection-string`, else the data directory named by `--data`, else `GATEHOUSE_CONNECTION_STRING`, else the data
            directory of `GATEHOUSE_DATA` or the server's default one. In a data directory, `connection.json` of the running server names host,
            ports, root and policy; only the user that runs the server can read it. From another machine give a policy's connection string in
            `GATEHOUSE_CONNECTION_STRING` (arguments are seen by all users of a machine) and the hub's root in `--ca-file` or `GATEHOUSE_CA_FILE`. A port other than 443
            is written into the host: `HostName=hub.example.com:8443;…`. What a connection string does not say is taken from the `connection.json` of a server with the same host name.
            `enrollment` calls the provisioning service: a connection string is then one of a policy of the service.
            `attest` runs on a device: it is told host, id scope and root, needs no connection string, and proves itself with what the device has.

            **Answers.** Results go to the output, notes, progress and errors to the error stream. `--json` makes every result JSON; `monitor` writes one object a line.
            An error is one line: what happened, why, what to do next. Colours and moving lines appear on terminals only, and control characters that a device sent are shown as `\u001b`.

            **Exit codes.** 0 done; 1 refused, not reached, or done in part; 2 the command line or a file that it names is wrong. Ctrl+C ends a
            command in order: `monitor` with 0, any other with 1; `simulate` deletes its devices first.

            **Keys.** `keys`, `regenerate-key`, `connection-string`, `compute-device-key` and `policy show` print secrets, for that is their purpose; `show` and `list` mask them or leave them out unless `--show-keys` is given. Keys
            of your own are read from a file or the input (`--keys-from`, `--key-from`), never from an argument.

            | command | what it does | options |
            |---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach (var (path, command) in Leaves(root))
        {
            var arguments = string.Concat(command.Arguments.Select(argument => " " + argument.Name.ToUpperInvariant()));
            text.Append("| `").Append(path).Append(arguments).Append("` | ").Append(command.Description).Append(" | ")
                .AppendJoin(", ", command.Options.Select(option => $"`{option.Name}`")).Append(" |\n");
        }

        return text.ToString();
    }
}
