using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;
using Gatehouse.Cli.Output;

namespace Gatehouse.Cli;

/// <summary>One run of a command: its values, its terminal, and the hub or provisioning service it talks to.</summary>
internal sealed class Call(Shell shell, ParseResult parsed, CancellationToken cancellationToken) : IDisposable
{
    private HubClient? hub;
    private HubClient? provisioning;

    internal CancellationToken Cancellation { get; } = cancellationToken;

    internal Terminal Terminal => shell.Terminal;

    internal Surroundings Surroundings => shell.Surroundings;

    internal bool IsJson { get; } = parsed.GetValue(shell.Json);

    internal ConnectionSource Source { get; } = shell.Source(parsed);

    /// <summary>Resolved at the first use: mistakes in the arguments come first.</summary>
    internal HubClient Hub => hub ??= new HubClient(Source.Resolve());

    /// <summary>The provisioning service, in the same way.</summary>
    internal HubClient Provisioning => provisioning ??= new HubClient(Source.ResolveProvisioning());

    internal T? Value<T>(Option<T> option) => parsed.GetValue(option);

    internal T Value<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    internal bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>The answer as JSON where that was asked for, else as text.</summary>
    internal int Answer(JsonNode json, Action<Terminal> asText)
    {
        if (IsJson)
        {
            Terminal.Json(json);
        }
        else
        {
            asText(Terminal);
        }

        return ExitCode.Ok;
    }

    public void Dispose()
    {
        hub?.Dispose();
        provisioning?.Dispose();
    }
}
