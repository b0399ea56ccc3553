namespace Gatehouse.Store.Audit;

/// <summary>Bounds of the audit log.</summary>
public sealed record AuditOptions
{
    /// <summary>Records kept; the oldest go first and leave their number and hash as the anchor from which the rest verifies. 1,000–1,000,000,000, default 1,000,000.</summary>
    public long MaxRecords { get; init; } = 1_000_000;

    /// <summary>How often the log is cut to size. Default 10 minutes.</summary>
    public TimeSpan PruneInterval { get; init; } = TimeSpan.FromMinutes(10);
}
