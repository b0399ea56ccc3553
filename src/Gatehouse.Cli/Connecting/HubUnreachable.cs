namespace Gatehouse.Cli.Connecting;

/// <summary>No answer came, or half of one: whether the hub did what was asked is not known.</summary>
internal sealed class HubUnreachable(string message, Exception inner) : CliException(message, ExitCode.Refused, inner);
