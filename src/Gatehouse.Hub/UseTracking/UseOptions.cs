namespace Gatehouse.Hub.UseTracking;

/// <summary>Limits of use tracking.</summary>
public sealed record UseOptions
{
    /// <summary>Uses that wait in memory to be written, each of one identity and credential; about 400 bytes each. 1,000–1,000,000, default 100,000. What comes beyond is not tracked, and a warning says how much. Source: own.</summary>
    public int MaxWaiting { get; init; } = 100_000;

    /// <summary>How long other nodes are waited for when live sessions are counted. 100 ms–30 s, default 1 s. Source: own.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);
}
