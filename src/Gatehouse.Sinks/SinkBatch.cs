namespace Gatehouse.Sinks;

/// <summary>Events of one partition on their way to an endpoint, in order.</summary>
public sealed record SinkBatch
{
    public required string Hub { get; init; }

    /// <summary>Name of the endpoint.</summary>
    public required string Endpoint { get; init; }

    public required int Partition { get; init; }

    /// <summary>One or more.</summary>
    public required IReadOnlyList<SinkEvent> Events { get; init; }
}
