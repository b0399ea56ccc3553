namespace Gatehouse.Sinks;

/// <summary>What became of a batch.</summary>
public enum SinkResult
{
    /// <summary>All of it is there.</summary>
    Delivered,

    /// <summary>The far end is away or too busy: the same batch again, later.</summary>
    Failed,

    /// <summary>The far end will never take this batch as it is.</summary>
    Refused,
}

/// <param name="Result">What became of the batch.</param>
/// <param name="Delivered">Events from the start of the batch that are there; only these need not be sent again.</param>
/// <param name="Error">For the operator: one sentence without secrets. Null when delivered.</param>
public readonly record struct SinkOutcome(SinkResult Result, int Delivered, string? Error)
{
    // What the far end says travels with dead letters: it must not make them larger than the log takes.
    private const int MaxErrorLength = 512;

    public static SinkOutcome All(int count) => new(SinkResult.Delivered, count, null);

    public static SinkOutcome Failed(string error, int delivered = 0) => new(SinkResult.Failed, delivered, Cut(error));

    public static SinkOutcome Refused(string error, int delivered = 0) => new(SinkResult.Refused, delivered, Cut(error));

    private static string Cut(string error) => error.Length <= MaxErrorLength ? error : error[..MaxErrorLength];
}
