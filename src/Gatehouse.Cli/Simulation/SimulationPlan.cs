namespace Gatehouse.Cli.Simulation;

/// <summary>What the simulated devices do.</summary>
internal sealed record SimulationPlan
{
    /// <summary>Devices; 1–10,000.</summary>
    internal required int Count { get; init; }

    /// <summary>Messages of each device; null: until <see cref="Duration"/> is over.</summary>
    internal required int? Messages { get; init; }

    /// <summary>How long to send; null: until <see cref="Messages"/> are sent.</summary>
    internal required TimeSpan? Duration { get; init; }

    /// <summary>Between two messages of one device.</summary>
    internal required TimeSpan Interval { get; init; }

    /// <summary>Of each body; bytes.</summary>
    internal required int Size { get; init; }

    internal required string Prefix { get; init; }
}
