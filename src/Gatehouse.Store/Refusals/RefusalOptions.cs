namespace Gatehouse.Store.Refusals;

/// <summary>Bounds of the refusal log: what an unauthenticated peer can make it hold or write.</summary>
public sealed record RefusalOptions
{
    /// <summary>Refusals that wait to be written; more are counted and the count is recorded. Default 4,096.</summary>
    public int MaxWaiting { get; init; } = 4_096;

    /// <summary>Refusals of the same hub, identity, reason and address that are recorded singly within a minute; more are folded into one record with a count. Default 10.</summary>
    public int SinglesPerMinute { get; init; } = 10;

    /// <summary>Different refusals that are told apart within a minute; beyond that they share one count. Default 10,000.</summary>
    public int MaxKindsPerMinute { get; init; } = 10_000;

    /// <summary>Refusals kept per claimed identity for <c>gatehouse why</c>. Default 50.</summary>
    public int KeptPerIdentity { get; init; } = 50;

    /// <summary>Refusals kept in all. Default 100,000.</summary>
    public int KeptInAll { get; init; } = 100_000;

    /// <summary>How long a refusal waits so that others are written with it. Default 100 ms.</summary>
    public TimeSpan GatherTime { get; init; } = TimeSpan.FromMilliseconds(100);
}
