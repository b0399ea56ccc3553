namespace Gatehouse.Identity;

/// <summary>When peers that are refused again and again are put off without looking at their proof.</summary>
/// <remarks>Never by identity alone: whoever knows a device's name could lock it out. Source: own; the service documents none.</remarks>
public sealed record BackoffOptions
{
    /// <summary>Sliding window in which refusals count. 1 s–1 h, default 60 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Refusals of one identity from one address in a window before it is put off. 1–1,000,000, default 60.</summary>
    public int RefusalsPerIdentity { get; init; } = 60;

    /// <summary>Refusals of one address (IPv6: one /64) in a window before it is put off. 1–1,000,000, default 600: many devices share an address behind NAT.</summary>
    public int RefusalsPerAddress { get; init; } = 600;

    /// <summary>Size of the table. Entries, 64–4,194,304, a power of two, default 65,536 (24 bytes each). When crowded, the least refused are forgotten.</summary>
    public int Entries { get; init; } = 65_536;
}
