namespace Gatehouse.Hub.ImportExport;

/// <summary>Limits of imports and exports of identities.</summary>
public sealed record ImportExportOptions
{
    /// <summary>Imports and exports of one hub that are under way. One more: JobQuotaExceeded (403003).</summary>
    /// <remarks>1–10, default 1. Source: IoT Hub "Import and export IoT Hub device identities in bulk" page.</remarks>
    public int MaxActive { get; init; } = 1;

    /// <summary>Longest line of an imported blob. A longer one is an error of its line.</summary>
    /// <remarks>Bytes, 1 KiB–16 MiB, default 1 MiB. Source: own.</remarks>
    public int MaxLineBytes { get; init; } = 1024 * 1024;

    /// <summary>Errors of one import that are listed in <c>importErrors.log</c>; further ones are only counted.</summary>
    /// <remarks>1–10,000,000, default 100,000. Source: own.</remarks>
    public int MaxErrors { get; init; } = 100_000;

    /// <summary>How long a storage service that is away is waited for; then the job fails.</summary>
    /// <remarks>1 s–1 day, default 5 minutes. Source: own.</remarks>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long an ended import or export is shown.</summary>
    /// <remarks>1 hour–365 days, default 30 days. Source: as for other jobs.</remarks>
    public TimeSpan History { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Ended imports and exports of one hub that are shown; the oldest go first.</summary>
    /// <remarks>1–10,000, default 1,000. Source: own.</remarks>
    public int MaxEnded { get; init; } = 1_000;
}
