namespace Gatehouse.Hub.Queries;

/// <summary>Settings of queries.</summary>
public sealed record QueryOptions
{
    /// <summary>Rows of a page when the caller asks for no number. 1 to 1000, default 100. Unconfirmed: the service's own default.</summary>
    public int PageItems { get; init; } = 100;

    /// <summary>Longest work on one page. Seconds, 1 to 300, default 10. A query that needs longer is refused with ArgumentInvalid. Ours.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Work on one page that the log tells of. Seconds, 1 to 300, default 2. Ours.</summary>
    public TimeSpan SlowAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Queries that run at once; others wait for as long as the time limit, then ThrottlingException. 1 to 1000, default 4. Ours.</summary>
    public int MaxConcurrent { get; init; } = 4;

    /// <summary>Bytes at which a page ends early. 65,536 to 67,108,864, default 4,194,304. Ours: a thousand twins of full size would be hundreds of megabytes.</summary>
    public int MaxPageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Most groups of one GROUP BY. 1 to 1,000,000, default 10,000; more are refused with ArgumentInvalid. Ours.</summary>
    public int MaxGroups { get; init; } = 10_000;

    /// <summary>Most characters of the keys of all groups of one GROUP BY together. 1 to 67,108,864, default 4,194,304; more are refused with ArgumentInvalid. Ours: a key may be a whole object.</summary>
    public int MaxGroupCharacters { get; init; } = 4 * 1024 * 1024;
}
