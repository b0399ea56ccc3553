namespace Gatehouse.Hub.ImportExport;

/// <summary>An import or export, as its owner sees it: never the addresses of its containers.</summary>
public sealed record ImportExportJob
{
    public required string JobId { get; init; }

    /// <summary>Wire word.</summary>
    public required string Type { get; init; }

    /// <summary>Wire word: <c>enqueued</c>, <c>running</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public required string Status { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>Null until it has ended.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>Percent.</summary>
    public required int Progress { get; init; }

    public string? FailureReason { get; init; }

    public required bool ExcludeKeysInExport { get; init; }

    /// <summary>Null when configurations are left alone.</summary>
    public string? ConfigurationsBlobName { get; init; }
}
