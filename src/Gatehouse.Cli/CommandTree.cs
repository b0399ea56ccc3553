using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Gatehouse.Cli.Attesting;
using Gatehouse.Cli.Auditing;
using Gatehouse.Cli.Certificates;
using Gatehouse.Cli.ConsumerGroups;
using Gatehouse.Cli.CredentialUses;
using Gatehouse.Cli.DeviceConfigurations;
using Gatehouse.Cli.DeviceTwins;
using Gatehouse.Cli.Enrollments;
using Gatehouse.Cli.Files;
using Gatehouse.Cli.Monitoring;
using Gatehouse.Cli.Output;
using Gatehouse.Cli.Policies;
using Gatehouse.Cli.Provisioning;
using Gatehouse.Cli.Querying;
using Gatehouse.Cli.Refusals;
using Gatehouse.Cli.Registry;
using Gatehouse.Cli.Revoking;
using Gatehouse.Cli.Rotation;
using Gatehouse.Cli.Routing;
using Gatehouse.Cli.ScheduledJobs;
using Gatehouse.Cli.Simulation;
using Gatehouse.Cli.StrictModes;
using Gatehouse.Cli.TrustLog;
using Gatehouse.Cli.WrappingKeys;

namespace Gatehouse.Cli;

/// <summary>All commands. docs/cli.md is compared with this tree by a test.</summary>
internal static class CommandTree
{
    internal static Command Build(Surroundings surroundings, Terminal terminal)
    {
        var shell = new Shell(surroundings, terminal);

        // Not RootCommand: that one is named after the executable, and brings directives along.
        var root = Shell.Group("gatehouse", "Gatehouse: a self-hosted IoT hub that speaks Azure IoT Hub's protocols.",
            Up(),
            IdentityCommands.Devices(shell),
            IdentityCommands.Modules(shell),
            TwinCommands.Group(shell),
            new Query(shell).Command,
            ConfigurationCommands.Group(shell),
            JobCommands.Group(shell),
            EnrollmentCommands.Group(shell),
            ProvisioningCommands.Group(shell),
            AttestCommands.Group(shell),
            CertificateCommands.Group(shell),
            RevokeCommands.Group(shell),
            CredentialCommands.Group(shell),
            new LookByRadar(shell).Command,
            CrlCommands.Group(shell),
            PolicyCommands.Group(shell),
            RotationCommands.Group(shell),
            StrictCommands.Group(shell),
            KeyCommands.Group(shell),
            ConsumerGroupCommands.Group(shell),
            RouteCommands.Group(shell),
            EndpointCommands.Group(shell),
            EnrichmentCommands.Group(shell),
            FileCommands.Group(shell),
            FileUploadCommands.Group(shell),
            new WatchEvents(shell).Command,
            new Simulate(shell).Command,
            new Why(shell).Command,
            LogCommands.Group(shell),
            AuditCommands.Group(shell),
            Statistics.Command(shell));
        foreach (var option in shell.GlobalOptions)
        {
            root.Add(option);
        }

        root.Add(new HelpOption("--help", "-h") { Recursive = true, Action = new HelpText(new HelpAction { MaxWidth = 120 }) });
        root.Add(new Option<bool>("--version") { Description = "Show the version.", Action = new Print(_ => $"gatehouse {Cli.Version}\n") });
        root.Add(new Option<bool>("--help-markdown") { Hidden = true, Action = new Print(CommandPage.Text) });
        return root;
    }

    // The script 'gatehouse' starts the server itself; this line is for the help text, and for who calls the command line's executable.
    private static HubCommand Up()
    {
        var up = new HubCommand("up", "Runs the hub on this machine; its settings: gatehouse up --help.") { TreatUnmatchedTokensAsErrors = false };
        up.SetAction(int (ParseResult _) => throw CliException.Usage("'up' starts the server, which is an executable of its own: use the script 'gatehouse', or run gatehouse-server."));
        return up;
    }

    private sealed class Print(Func<Command, string> text) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.Write(text(parseResult.RootCommandResult.Command));
            return ExitCode.Ok;
        }
    }
}
