namespace Gatehouse.Hub.Revoking;

/// <summary>Limits of revocation lists.</summary>
public sealed record RevocationOptions
{
    /// <summary>Entries per hub; each takes about 500 bytes of every node's memory. 1–1,000,000, default 100,000. One more: GenericConflict (409000). Source: own.</summary>
    public int MaxPerHub { get; init; } = 100_000;

    /// <summary>Entries of all CRLs of a hub together; each takes 28 bytes of every node's memory. 0–1,000,000, default 100,000. One more: GenericConflict (409000). Source: own.</summary>
    public int MaxListEntries { get; init; } = 100_000;

    /// <summary>How far ahead of this server's the clock of a CA may be whose list is taken. 0 s–1 h, default 5 min. Source: own, as for Kerberos.</summary>
    public TimeSpan MaxListSkew { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a node looks whether a list, or what a hub asks of proofs, has changed without its having heard of it. 1 s–1 h, default 5 s: signals between nodes travel at most once.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Characters of a note. 0–4,096, default 256. More: ArgumentInvalid. Source: own.</summary>
    public int MaxNoteLength { get; init; } = 256;
}
