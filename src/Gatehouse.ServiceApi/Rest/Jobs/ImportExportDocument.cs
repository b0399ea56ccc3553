using System.Text.Json.Serialization;
using Gatehouse.Hub.ImportExport;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary>An import or export as the service shows it. Observed: without the addresses of its containers.</summary>
internal sealed class ImportExportDocument
{
    public required string JobId { get; init; }

    public required string StartTimeUtc { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EndTimeUtc { get; init; }

    public required string Type { get; init; }

    public required string Status { get; init; }

    public required int Progress { get; init; }

    public string? FailureReason { get; init; }

    public required bool ExcludeKeysInExport { get; init; }

    public string StorageAuthenticationType { get; init; } = "keyBased";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IncludeConfigurations { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ConfigurationsBlobName { get; init; }

    internal static ImportExportDocument Of(ImportExportJob job) => new()
    {
        JobId = job.JobId,
        StartTimeUtc = WireTime.Format(job.Created),
        EndTimeUtc = job.EndTime is { } end ? WireTime.Format(end) : null,
        Type = job.Type,
        Status = job.Status,
        Progress = job.Progress,
        FailureReason = job.FailureReason,
        ExcludeKeysInExport = job.ExcludeKeysInExport,
        IncludeConfigurations = job.ConfigurationsBlobName is null ? null : true,
        ConfigurationsBlobName = job.ConfigurationsBlobName,
    };
}
