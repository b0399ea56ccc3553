namespace Gatehouse.Hub.Rotation;

/// <summary>How a plan speaks of what it changes.</summary>
internal sealed record RotationWords
{
    /// <summary>With its article: <c>policy 'service'</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>What clients move to: <c>secondary key</c>.</summary>
    public required string First { get; init; }

    /// <summary>What they leave.</summary>
    public required string Last { get; init; }

    /// <summary>What both are: <c>key</c>.</summary>
    public required string What { get; init; }

    /// <summary>How clients come by the first one: a sentence without its full stop.</summary>
    public required string HandOut { get; init; }

    /// <summary>The command that names the users of the first one, and of the last.</summary>
    public required (string First, string Last) Finders { get; init; }

    /// <summary>What is true at the end: <c>Both keys are new</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>What is said when the plan is cancelled; null for what follows from the rest.</summary>
    public string? Cancelled { get; init; }

    /// <summary>Names of the steps that bring the first one: the wait, and the change. Empty when it is there already.</summary>
    public required IReadOnlyList<string> FirstSteps { get; init; }

    /// <summary>Name of the step that ends the last one.</summary>
    public required string LastStep { get; init; }
}
