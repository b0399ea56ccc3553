using System.CommandLine;

namespace Gatehouse.Cli;

/// <summary>A command with examples for its help.</summary>
internal sealed class HubCommand(string name, string description) : Command(name, description)
{
    internal IReadOnlyList<string> Examples { get; init; } = [];
}
